import { type Check, failWith, pass, unknown } from './check.ts'
import { inOrder } from './sample.ts'

export const leasesEnd: Check = {
  name: 'leases-end',
  claim: 'what a dead instance held goes when its leases end: not before L − H, and not later than a beat after L',
  kind: 'liveness',
  of({ figures, crashed }) {
    const samples = figures['residency.crash.samples']
    if (!samples) return unknown('no instance died with attempts in flight')
    if (crashed.length) return failWith(crashed)
    return pass(
      `${samples} slots went with their leases, the last after ${figures['residency.crash.max']!.toFixed(0)} ms`,
    )
  },
  counterexample: clean =>
    inOrder(
      clean.map(event =>
        event.kind === 'store-changed' && event.member === 's:cut' && event.score === null
          ? { ...event, at: 150, since: 149 }
          : event,
      ),
    ),
}
