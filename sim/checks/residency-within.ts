import type { Cause } from '../measure/measurement.ts'
import { seconds } from '../measure/meter.ts'
import { type Check, pass, unknown } from './check.ts'
import { lateRemoval } from './sample.ts'

/** Beyond one round trip: what scheduling and parsing may take on a machine that does nothing else. */
const allowanceMs = 5

/** Of fewer the p99 is one of the five longest: a single moment in which the machine was busy elsewhere holds as many, and would decide. */
const fewestForP99 = 500

/** What frees a slot at once. A success does too, unless the tracker keeps whoever was active lately. */
const causes = ['failure', 'timeout', 'abort', 'hedge-loss'] as const

/**
 * The bound is made of what was measured beside the storm, so that a noisy machine does not decide: the p99 of a round trip
 * to the store, plus the allowance, plus the width of the window in which the observer can place a removal.
 */
export const residencyWithin: Check = {
  name: 'residency-within',
  claim:
    'after a failure, a time-out, an abort or a lost race a session is gone within a round trip and 5 ms (p99; of few p90)',
  kind: 'liveness',
  of({ figures, longestStays }) {
    const seen = causes.filter(cause => figures[`residency.${cause}.p99`] !== undefined)
    if (seen.length === 0) return unknown('no session’s last attempt at a provider failed or was broken off')
    const roundTrip = figures['store.roundTrip.p99']
    const resolution = figures['observer.resolution.p99']
    if (roundTrip === undefined || resolution === undefined)
      return unknown('no round trip to the store, or no resolution, was measured beside it')
    const bound = roundTrip + allowanceMs + resolution
    const sum = `${roundTrip.toFixed(1)} round trip + ${allowanceMs} + ${resolution.toFixed(1)} resolution`
    const told = seen.map(cause => {
      const samples = figures[`residency.${cause}.samples`]!
      const percentile = samples < fewestForP99 ? 'p90' : 'p99'
      const stay = figures[`residency.${cause}.${percentile}`]!
      return { cause, stay, says: `${percentile} ${stay.toFixed(1)} ms after ${samples} × ${cause}` }
    })
    const says = `${told.map(one => one.says).join(', ')}, bound ${bound.toFixed(1)} ms (${sum})`
    const tooLong = told.filter(({ stay }) => stay > bound).map(({ cause }) => cause)
    const still = seen.flatMap(cause => longestStays[cause] ?? []).find(({ open }) => open)
    if (tooLong.length === 0 && !still) return pass(says)
    const longest = longestStays[still?.cause ?? tooLong[0]!] ?? []
    const worst = still ?? longest[0]!
    const stayed = `session ${worst.session} stayed ${still ? 'at least ' : ''}${seconds(worst.stayedMs)} in {provider:${worst.provider}} after its attempt ${ended[worst.cause]} at ${seconds(worst.endedAt)}`
    return {
      result: 'fail',
      because: `${stayed}; ${says}`,
      evidence: longest.flatMap(({ evidence }) => evidence).slice(0, 12),
    }
  },
  counterexample: clean => lateRemoval(clean, 's4', 80),
}

const ended: Readonly<Record<Cause, string>> = {
  success: 'succeeded',
  failure: 'failed',
  timeout: 'timed out',
  abort: 'was aborted',
  'hedge-loss': 'lost its race',
  crash: 'was lost in a crash',
}
