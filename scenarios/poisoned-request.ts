import { breakersHold, budgetHolds, noNeedlessCalls } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

const wary = { attempts: 3, breaker: { failures: 3, windowMs: 2_000, openMs: 1_000, probes: 1 } }

/** A third of the requests is at fault wherever it is sent; breakers open early, retries are allowed. */
export const poisonedRequest: Scenario = {
  name: 'poisoned-request',
  claim: 'A request at fault is asked once, and neither opens a breaker nor takes a slot from anybody.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 40, priority: 1, ...wary }),
      provider({ id: 'beta', limit: 40, priority: 1, ...wary }),
      provider({ id: 'gamma', limit: 40, priority: 1, ...wary }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    gamma: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 4_000, endAt: 4_500 },
  load: [poisson({ name: 'load', from: 0, to: 4_500, perSecond: 60 })],
  faults: ['alpha', 'beta', 'gamma'].map(provider => ({
    at: 1_000,
    for: 3_000,
    call: { fault: 'provider-rejects', provider, ratio: 0.35, afterMs: 20 },
  })),
  checks: [...always, budgetHolds, breakersHold, noNeedlessCalls],
  catches: [],
  spares: [],
}
