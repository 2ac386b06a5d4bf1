import { type Check, pass, unknown } from './check.ts'
import { inOrder } from './sample.ts'

/** What a busy machine adds to one phase and not to the other. */
const allowanceMs = 50

export const latencyWithin: Check = {
  name: 'latency-within',
  claim:
    'after the heal answers take as long as before the storm (medians as far as they are known, within half as much again and 50 ms)',
  kind: 'liveness',
  of({ figures }) {
    // Providers differ: of a few answers more than half may come from the quicker one.
    const before = figures['latency.baseline.p50.atMost']
    const after = figures['latency.settled.p50.atLeast']
    if (before === undefined || after === undefined)
      return unknown('fewer than five answers before the storm, or after it')
    const bound = 1.5 * before + allowanceMs
    const says = `median at least ${after.toFixed(0)} ms after the heal (of ${figures['latency.settled.samples']} answers), at most ${before.toFixed(0)} ms before the storm (${figures['latency.baseline.samples']}), bound ${bound.toFixed(0)} ms`
    return after <= bound ? pass(says) : { result: 'fail', because: says, evidence: [] }
  },
  counterexample: clean =>
    inOrder(
      clean.map(event =>
        event.kind === 'client-ended' && event.at > 1_100 ? { ...event, at: event.at + 300 } : event,
      ),
    ),
}
