import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario, ScheduledFault } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Connections are made again with the next command: some cuts find none. The first does. */
const cuts = Array.from(
  { length: 40 },
  (_, n): ScheduledFault => ({
    at: 1_000 + 120 * n,
    for: 20,
    call: { fault: 'link-cut' },
    ...(n > 0 && { mayMiss: true }),
  }),
)

/** A store some way off, so that at every cut some commands are executed whose replies are lost: they are sent again. */
export const lostReplies: Scenario = {
  name: 'lost-replies',
  // Limits are far away: nothing but how often each is counted is at stake.
  claim: 'However many replies of the store are lost, and commands sent twice, nobody is counted twice.',
  worlds: ['virtual'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 1_500, priority: 1 }),
      provider({ id: 'beta', limit: 1_500, priority: 2 }),
    ],
    // A command that was cut is sent again after 100 ms.
    transitMs: 300,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 100, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 100, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 6_000, endAt: 7_000 },
  load: [poisson({ name: 'crowd', from: 0, to: 7_000, perSecond: 100 })],
  faults: [
    { at: 900, for: 5_200, call: { fault: 'link-delayed', ms: 8 } },
    ...cuts,
    {
      at: 900,
      for: 5_200,
      call: { fault: 'provider-fails', provider: 'alpha', ratio: 0.5, status: 500, afterMs: 600 },
    },
  ],
  // From further away no reply at all comes between two cuts. Cuts that come sooner after each other hit nobody.
  // Each cut costs a session 100 ms: shorter ones would be wrong for most of their time.
  fixed: ['toStoreMs', 'faultStart', 'faultLength', 'tokens', 'tokenMs'],
  checks: always,
  catches: ['counter', 'ref-count'],
  spares: [],
}
