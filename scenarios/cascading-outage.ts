import { budgetHolds } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { conversations } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Equals, so that a session stays with the one that answered it last; whoever falls sends its sessions on to the next. */
export const cascadingOutage: Scenario = {
  name: 'cascading-outage',
  claim: 'When one provider falls after the other, each gives its sessions’ slots back as soon as the first did.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 60, priority: 1 }),
      provider({ id: 'beta', limit: 60, priority: 1 }),
      provider({ id: 'gamma', limit: 60, priority: 1 }),
      provider({ id: 'delta', limit: 60, priority: 2 }),
    ],
    manners: { stickyMs: 10_000, providersPerRequest: 4 },
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    gamma: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    delta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 400, stormAt: 1_500, recoveryAt: 5_000, endAt: 5_600 },
  load: [conversations({ name: 'talk', sessions: 36, turns: [{ from: 200, count: 13, everyMs: 400 }] })],
  faults: [
    { at: 1_500, for: 3_500, call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 20 } },
    { at: 2_500, for: 2_500, call: { fault: 'provider-fails', provider: 'beta', status: 503, afterMs: 20 } },
    { at: 3_500, for: 1_500, call: { fault: 'provider-fails', provider: 'gamma', status: 529, afterMs: 20 } },
  ],
  // Three overlap already: one more at a provider that fails, or one at a provider that is rarely drawn, hits nobody.
  fixed: ['secondFault', 'weight'],
  checks: [...afterFailures, budgetHolds],
  catches: ['ref-count', 'releases-wrong-provider'],
  spares: [],
}
