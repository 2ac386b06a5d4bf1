import { type Check, failUnlessLost, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const membersBounded: Check = {
  name: 'members-bounded',
  claim: 'a heartbeat after the heal no set has more members than its limit',
  kind: 'liveness',
  of(measured) {
    const most = measured.figures['members.maxAfterHeal']
    if (most === undefined) return unknown('no set changed after the heal')
    return measured.crowded.length ? failUnlessLost(measured.crowded, measured) : pass(`at most ${most} members`)
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...['a', 'b', 'c', 'd'].flatMap(name => attemptOf('alpha', `many-${name}`, `many-${name}`, 1_700, 1_750)),
    ]),
}
