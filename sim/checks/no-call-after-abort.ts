import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

/** A provider that is busy elsewhere sees a call late that was made in time. */
const mostShare = 0.02

export const noCallAfterAbort: Check = {
  name: 'no-call-after-abort',
  claim:
    'when its client has left, a request is sent nowhere any more, and what it has open is closed (p90 within the way)',
  kind: 'safety',
  of({ figures, begunAfterAbort, openAfterAbort }, { transitMs }) {
    const left = figures['aborts.clients']
    const p90 = figures['aborts.closing.p90']
    if (left === undefined || p90 === undefined) return unknown('no client left while something was open for it')
    const begun = figures['aborts.begunAfter']!
    if (begun > Math.floor(mostShare * left)) return failWith(begunAfterAbort, begun)
    if (p90 > transitMs) return failWith(openAfterAbort)
    const closed = `${figures['aborts.closing.samples']} attempts were closed, p90 after ${p90.toFixed(1)} ms`
    return pass(`${left} clients left: ${closed}; ${begun} were begun later`)
  },
  counterexample: clean => inOrder([...clean, ...attemptOf('beta', 'left', 'r-left', 1_560, 1_570)]),
}
