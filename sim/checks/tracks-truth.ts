import { type Check, pass, unknown } from './check.ts'
import { lateRemoval } from './sample.ts'

/** A release takes a round trip, so short attempts cannot be tracked perfectly; a leak or a blind spot costs far more. */
const mostError = 0.1

export const tracksTruth: Check = {
  name: 'tracks-truth',
  claim: 'the store and the truth differ by at most 10 % of the session time served',
  kind: 'liveness',
  of({ figures, longestStays, uncounted }) {
    const error = figures['tracking.error']
    if (error === undefined) return unknown('nothing was in flight')
    const phantom = figures['tracking.phantomSessionSeconds']!.toFixed(2)
    const missing = figures['tracking.missingSessionSeconds']!.toFixed(2)
    const says = `error ${(100 * error).toFixed(1)} % (${phantom} session-seconds of phantoms, ${missing} of uncounted sessions)`
    if (error <= mostError) return pass(says)
    const stays = Object.values(longestStays)
      .flat()
      .flatMap(({ evidence }) => evidence)
    return {
      result: 'fail',
      because: says,
      evidence: [...stays, ...uncounted.flatMap(({ evidence }) => evidence)].slice(0, 12),
    }
  },
  counterexample: clean => lateRemoval(clean, 's4', 900),
}
