import { afterFailures } from '../sim/checks/usual.ts'
import { conversations } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Sessions that succeed k times at alpha, then fail there four times. */
const after = (k: number) =>
  conversations({
    name: `k${k}`,
    sessions: 30,
    turns: [
      { from: 600, count: k, everyMs: 200 },
      { from: 3_000, count: 4, everyMs: 500 },
    ],
  })

/** Limits are far away: nothing but the release after a failure is at stake. */
export const successThenFailure: Scenario = {
  name: 'success-then-failure',
  claim: 'A failure gives the slot back whatever the session did before: after 0, 1 and 10 successes alike.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 400, priority: 1 }), provider({ id: 'beta', limit: 400, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 25, tokens: 6, tokenMs: 8, spread: 0.5 },
    beta: { firstByteMs: 25, tokens: 6, tokenMs: 8, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 2_950, recoveryAt: 5_200, endAt: 5_200 },
  load: [after(0), after(1), after(10)],
  faults: [{ at: 2_950, for: 2_250, call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 20 } }],
  checks: afterFailures,
  catches: ['ref-count'],
  spares: [],
}
