import { breakersHold, budgetHolds, membersBounded } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario, ScheduledFault } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Down for longer than it takes to open the breaker, up for about as long as that stays open. No status: a swarm that drew 429 would be told to stay away. */
const flaps = Array.from(
  { length: 5 },
  (_, n): ScheduledFault => ({
    at: 1_200 + 700 * n,
    for: 450,
    call: { fault: 'provider-fails', provider: 'alpha', afterMs: 20 },
  }),
)

export const flappingProvider: Scenario = {
  name: 'flapping-provider',
  claim:
    'A provider that goes up and down around its breaker’s time leaves no saw-tooth of ghosts, and is asked by few.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({
        id: 'alpha',
        limit: 30,
        priority: 1,
        breaker: { failures: 6, windowMs: 1_000, openMs: 300, probes: 1 },
      }),
      provider({ id: 'beta', limit: 30, priority: 2 }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_200, recoveryAt: 4_500, endAt: 5_300 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_200, perSecond: 5 }),
    poisson({ name: 'flapping', from: 1_200, to: 4_500, perSecond: 80 }),
    poisson({ name: 'after', from: 4_500, to: 5_300, perSecond: 20 }),
  ],
  faults: flaps,
  // Somebody must ask a heartbeat after the last flap.
  fixed: ['stretch', 'faultLength', 'heartbeatMs'],
  checks: [...afterFailures, breakersHold, budgetHolds, membersBounded],
  catches: ['ttl-only'],
  spares: [],
}
