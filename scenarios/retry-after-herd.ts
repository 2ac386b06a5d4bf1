import { breakersHold, budgetHolds, noHerd, retryAfterObeyed } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** It answers 429 whenever it is asked, and asks for a second's peace. */
export const retryAfterHerd: Scenario = {
  name: 'retry-after-herd',
  claim: 'A provider that says when to come back is left alone until then, and no herd comes when it is time.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({
        id: 'alpha',
        limit: 40,
        priority: 1,
        attempts: 3,
        breaker: { failures: 3, windowMs: 5_000, openMs: 2_000, probes: 1 },
      }),
      provider({ id: 'beta', limit: 40, priority: 2 }),
    ],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 4_600, endAt: 6_000 },
  load: [poisson({ name: 'load', from: 0, to: 6_000, perSecond: 70 })],
  faults: [
    { at: 1_000, for: 3_600, call: { fault: 'provider-rate-limits', provider: 'alpha', retryAfterS: 1, afterMs: 20 } },
  ],
  checks: [...afterFailures, retryAfterObeyed, noHerd, budgetHolds, breakersHold],
  catches: [],
  spares: [],
}
