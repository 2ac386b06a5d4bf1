import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const endedStayEnded: Check = {
  name: 'ended-stay-ended',
  claim: 'a session that an operator ends is gone within a heartbeat, wherever it ran, and does not come back to life',
  kind: 'safety',
  of({ figures, undead }) {
    const sessions = figures['terminations.sessions']
    if (sessions === undefined) return unknown('no session was ended by an operator')
    return undead.length
      ? failWith(undead)
      : pass(`${sessions} sessions were ended, and ${figures['terminations.attempts']} attempts with them`)
  },
  counterexample: clean => inOrder([...clean, ...attemptOf('beta', 'unwanted', 'r-unwanted-again', 1_460, 1_490)]),
}
