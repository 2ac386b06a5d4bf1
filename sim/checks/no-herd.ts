import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const noHerd: Check = {
  name: 'no-herd',
  claim: 'when a pause is over nobody comes but those who ask then',
  kind: 'safety',
  of({ figures, herds }) {
    const ended = figures['pauses.ended']
    if (ended === undefined) return unknown('no pause came to its end')
    return herds.length
      ? failWith(herds)
      : pass(`${ended} pauses ended, with at most ${figures['pauses.mostCallsAtEnd']} calls at once`)
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...['a', 'b', 'c'].flatMap(name => attemptOf('beta', `waited-${name}`, `waited-${name}`, 1_275, 1_290)),
    ]),
}
