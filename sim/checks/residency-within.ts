import { seconds } from '../measure/meter.ts'
import { type Check, pass, unknown } from './check.ts'
import { lateRemoval } from './sample.ts'

/** Beyond one round trip: what scheduling and parsing may take on a machine that does nothing else. */
const allowanceMs = 5

/**
 * The bound is made of what was measured beside the storm, so that a noisy machine does not decide: the p99 of a round trip
 * to the store, plus the allowance, plus the width of the window in which the observer can place a removal.
 */
export const residencyWithin: Check = {
  name: 'residency-within',
  claim: 'after a failure a session is gone within a round trip and 5 ms (p99)',
  kind: 'liveness',
  of({ figures, longestStays }) {
    const p99 = figures['residency.failure.p99']
    const samples = figures['residency.failure.samples']
    if (p99 === undefined) return unknown('no session’s last attempt at a provider failed')
    const roundTrip = figures['store.roundTrip.p99']
    const resolution = figures['observer.resolution.p99']
    if (roundTrip === undefined || resolution === undefined)
      return unknown('no round trip to the store, or no resolution, was measured beside it')
    const bound = roundTrip + allowanceMs + resolution
    const sum = `${roundTrip.toFixed(1)} round trip + ${allowanceMs} + ${resolution.toFixed(1)} resolution`
    const says = `p99 ${p99.toFixed(1)} ms of ${samples} failures, bound ${bound.toFixed(1)} ms (${sum})`
    const longest = longestStays.failure ?? []
    const still = longest.find(({ open }) => open)
    if (p99 <= bound && !still) return pass(says)
    const worst = still ?? longest[0]!
    const stayed = `session ${worst.session} stayed ${still ? 'at least ' : ''}${seconds(worst.stayedMs)} in {provider:${worst.provider}} after its attempt failed at ${seconds(worst.endedAt)}`
    return {
      result: 'fail',
      because: `${stayed}; ${says}`,
      evidence: longest.flatMap(({ evidence }) => evidence).slice(0, 12),
    }
  },
  counterexample: clean => lateRemoval(clean, 's4', 80),
}
