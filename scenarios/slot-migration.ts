import { noFailedAdmissions } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Once while nobody uses the provider, when keys that are empty would not exist, and once under load. */
export const slotMigration: Scenario = {
  name: 'slot-migration',
  claim: 'While a provider’s slot moves to another node, idle or busy, nobody is left without an answer.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 10, priority: 1 }), provider({ id: 'beta', limit: 20, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 15, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 15, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 600, recoveryAt: 4_500, endAt: 5_500 },
  load: [
    poisson({ name: 'few', from: 0, to: 2_200, perSecond: 3 }),
    poisson({ name: 'crowd', from: 2_200, to: 5_500, perSecond: 80 }),
  ],
  faults: [
    { at: 600, for: 1_200, call: { fault: 'slot-migrates', provider: 'alpha', pauseMs: 400 } },
    { at: 2_800, for: 1_200, call: { fault: 'slot-migrates', provider: 'alpha', pauseMs: 400 } },
  ],
  checks: [...always, noFailedAdmissions],
  catches: [],
  spares: [],
}
