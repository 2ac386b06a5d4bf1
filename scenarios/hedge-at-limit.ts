import { budgetHolds, noNeedlessCalls } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Every request wants a hedge, and the only other provider takes three at a time. */
export const hedgeAtLimit: Scenario = {
  name: 'hedge-at-limit',
  claim: 'Where the alternate is full a hedge is skipped: it is no error, it leaks nothing, and nobody asks again.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 80, priority: 1, hedge: { afterMs: 60, loser: 'abort' } }),
      provider({ id: 'beta', limit: 3, priority: 2, retryBudget: { ratio: 1, burst: 1_000 } }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 30, tokens: 6, tokenMs: 10, spread: 0.3 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 20, spread: 0.3 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 4_500, endAt: 5_000 },
  load: [poisson({ name: 'load', from: 0, to: 5_000, perSecond: 50 })],
  faults: [{ at: 1_000, for: 3_500, call: { fault: 'provider-slow', provider: 'alpha', firstByteMs: 400 } }],
  // Nobody races alone.
  fixed: ['dropped'],
  checks: [...afterFailures, budgetHolds, noNeedlessCalls],
  catches: ['forgets-abort'],
  spares: [],
}
