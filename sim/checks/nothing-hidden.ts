import { type Check, failWith, pass, unknown } from './check.ts'

export const nothingHidden: Check = {
  name: 'nothing-hidden',
  claim: 'an answer that broke off never ends as if it were whole',
  kind: 'safety',
  of({ figures, hidden }) {
    if (!figures['requests.sent']) return unknown('no request was sent')
    return hidden.length ? failWith(hidden) : pass(`${figures['requests.broken']} answers broke, each visibly`)
  },
  counterexample: clean =>
    clean.map(event =>
      event.kind === 'client-ended' && event.request === 'r7'
        ? { ...event, outcome: 'broken', hidden: true, because: 'the stream ended without [DONE]' }
        : event,
    ),
}
