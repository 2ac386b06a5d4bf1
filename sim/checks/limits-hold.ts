import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const limitsHold: Check = {
  name: 'limits-hold',
  claim: 'no provider ever serves more sessions at once than its limit',
  kind: 'safety',
  of({ figures, overshoots }) {
    const most = figures['limit.overshootMax']
    if (most === undefined) return unknown('no provider was ever called')
    return most > 0 ? failWith(overshoots) : pass('no provider was ever above its limit')
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...['a', 'b', 'c', 'd'].flatMap(name => attemptOf('alpha', `many-${name}`, `many-${name}`, 1_600, 1_650)),
    ]),
}
