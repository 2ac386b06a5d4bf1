import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const noNeedlessCalls: Check = {
  name: 'no-needless-calls',
  claim: 'nobody else is asked once an answer has begun, or once a request was found at fault',
  kind: 'safety',
  of({ figures, needlessCalls }) {
    const answered = figures['requests.answered']
    if (answered === undefined) return unknown('nobody was answered')
    return needlessCalls.length
      ? failWith(needlessCalls)
      : pass(`${answered} answers began, and ${figures['requests.atFault']} calls found a request at fault`)
  },
  counterexample: clean => inOrder([...clean, ...attemptOf('beta', 's8', 'r8', 1_560, 1_570)]),
}
