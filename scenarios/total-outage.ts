import { breakersHold, budgetHolds, honestRefusals, membersBounded } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

const frail = {
  attempts: 2,
  retryBudget: { ratio: 0.1, burst: 5 },
  breaker: { failures: 8, windowMs: 2_000, openMs: 300, probes: 1 },
}

/** Each provider is down in a way of its own. Half of the time breakers are open: then there is nobody to ask. */
export const totalOutage: Scenario = {
  name: 'total-outage',
  claim:
    'When every provider is down, clients are told so soon and honestly, few calls are made, and nothing is left over.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 8, priority: 1, ...frail }),
      provider({ id: 'beta', limit: 8, priority: 2, ...frail }),
      provider({ id: 'gamma', limit: 8, priority: 3, ...frail }),
    ],
    manners: { backOff: { baseMs: 20, capMs: 100 } },
  }),
  paces: {
    alpha: { firstByteMs: 30, tokens: 4, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 30, tokens: 4, tokenMs: 10, spread: 0.5 },
    gamma: { firstByteMs: 30, tokens: 4, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_200, recoveryAt: 4_200, endAt: 5_400 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_200, perSecond: 5 }),
    poisson({ name: 'storm', from: 1_200, to: 4_200, perSecond: 70 }),
    poisson({ name: 'after', from: 4_200, to: 5_400, perSecond: 15 }),
  ],
  faults: [
    { at: 1_200, for: 3_000, call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 25 } },
    { at: 1_200, for: 3_000, call: { fault: 'provider-resets', provider: 'beta', afterMs: 25 } },
    { at: 1_200, for: 3_000, call: { fault: 'provider-refuses', provider: 'gamma' } },
  ],
  // Where one more provider is well nobody is refused.
  fixed: ['added'],
  checks: [...afterFailures, budgetHolds, breakersHold, honestRefusals, membersBounded],
  catches: ['ttl-only'],
  spares: [],
}
