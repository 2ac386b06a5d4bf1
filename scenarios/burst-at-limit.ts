import { always } from '../sim/checks/usual.ts'
import { rushes } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Far more new sessions than both limits together take, at one instant, over several proxies. */
export const burstAtLimit: Scenario = {
  name: 'burst-at-limit',
  claim: 'When far more sessions than the limit come at once, exactly the limit is admitted.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 6, priority: 1 }), provider({ id: 'beta', limit: 9, priority: 2 })],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 120, tokens: 6, tokenMs: 25, spread: 0.3 },
    beta: { firstByteMs: 120, tokens: 6, tokenMs: 25, spread: 0.3 },
  },
  phases: { baselineAt: 200, stormAt: 500, recoveryAt: 4_700, endAt: 4_700 },
  load: [rushes({ name: 'rush', from: 500, to: 4_700, everyMs: 700, size: 45 })],
  faults: [],
  checks: always,
  catches: ['check-then-act'],
  spares: [],
}
