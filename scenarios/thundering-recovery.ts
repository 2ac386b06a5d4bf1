import { breakersHold, budgetHolds, latencyWithin, servesAgain } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

const guarded = { breaker: { failures: 6, windowMs: 2_000, openMs: 400, probes: 2 } }

/** All fails and all heals at once, under the same load throughout. No status: of a 429 nobody would have to recover. */
export const thunderingRecovery: Scenario = {
  name: 'thundering-recovery',
  claim:
    'When everything fails and then heals, a few ask whether it is well again, and soon everybody is served as before.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 30, priority: 1, ...guarded }),
      provider({ id: 'beta', limit: 30, priority: 2, ...guarded }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 200, stormAt: 1_000, recoveryAt: 4_000, endAt: 6_000 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_000, perSecond: 30 }),
    poisson({ name: 'herd', from: 1_000, to: 6_000, perSecond: 80 }),
  ],
  faults: ['alpha', 'beta'].map(provider => ({
    at: 1_000,
    for: 3_000,
    call: { fault: 'provider-fails', provider, afterMs: 20 },
  })),
  // After the storm there must be time enough to compare with what was before.
  fixed: ['stretch', 'faultStart', 'faultLength'],
  checks: [...afterFailures, breakersHold, budgetHolds, latencyWithin, servesAgain],
  catches: ['ttl-only'],
  spares: [],
}
