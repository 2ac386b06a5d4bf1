import { budgetHolds, noNeedlessCalls } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

const hedged = { hedge: { afterMs: 100, loser: 'abort' }, retryBudget: { ratio: 0.3, burst: 10 } } as const

/** Equals share the load, so that what is well earns the hedges of what is slow. */
export const brownout: Scenario = {
  name: 'brownout',
  claim:
    'When first bytes are slow, whoever loses a race gives its slot back at once, and races stay within their budget.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 60, priority: 1, ...hedged }),
      provider({ id: 'beta', limit: 60, priority: 1, ...hedged }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.3 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.3 },
  },
  phases: { baselineAt: 300, stormAt: 1_200, recoveryAt: 4_700, endAt: 5_300 },
  load: [poisson({ name: 'load', from: 0, to: 5_300, perSecond: 50 })],
  faults: [{ at: 1_200, for: 3_500, call: { fault: 'provider-slow', provider: 'alpha', firstByteMs: 450 } }],
  // Nobody races alone.
  fixed: ['dropped'],
  checks: [...afterFailures, budgetHolds, noNeedlessCalls],
  catches: ['ref-count'],
  spares: [],
}
