import { policyEnds } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Longer than a lease: whoever runs on must be renewed, and whoever ends must be able to say so. */
export const storeFull: Scenario = {
  name: 'store-full',
  claim: 'A store without memory admits nobody, which is declared; releases and renewals still pass.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 12, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
    manners: { whenStoreIsAway: 'closed' },
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 20, tokenMs: 40, spread: 0.8 },
    beta: { firstByteMs: 80, tokens: 8, tokenMs: 30, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 4_000, endAt: 5_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 5_500, perSecond: 40 })],
  faults: [{ at: 1_500, for: 2_500, call: { fault: 'store-full', provider: 'alpha' } }],
  checks: [...always, policyEnds],
  catches: [],
  spares: [],
}
