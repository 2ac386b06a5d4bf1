import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const noCallAfterAbort: Check = {
  name: 'no-call-after-abort',
  claim: 'when its client has left, a request is sent nowhere any more, and what it has open is closed',
  kind: 'safety',
  of({ figures, callsAfterAbort }) {
    const left = figures['aborts.clients']
    if (left === undefined) return unknown('no client left')
    return callsAfterAbort.length
      ? failWith(callsAfterAbort)
      : pass(`${left} clients left, and ${figures['aborts.inFlight']} attempts were closed for them`)
  },
  counterexample: clean => inOrder([...clean, ...attemptOf('beta', 'left', 'r-left', 1_560, 1_570)]),
}
