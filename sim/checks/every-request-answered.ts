import { type Check, failWith, pass, unknown } from './check.ts'

export const everyRequestAnswered: Check = {
  name: 'every-request-answered',
  claim: 'every request ends with a whole answer or an honest error',
  kind: 'liveness',
  of({ figures, unanswered }) {
    if (!figures['requests.sent']) return unknown('no request was sent')
    return unanswered.length
      ? failWith(unanswered, figures['requests.unanswered'])
      : pass(`all ${figures['requests.sent']} requests were answered`)
  },
  counterexample: clean => clean.filter(event => !(event.kind === 'client-ended' && event.request === 'r7')),
}
