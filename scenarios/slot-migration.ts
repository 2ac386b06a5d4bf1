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
    alpha: { firstByteMs: 40, tokens: 4, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 15, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 600, recoveryAt: 5_000, endAt: 6_000 },
  load: [
    poisson({ name: 'few', from: 0, to: 3_400, perSecond: 5 }),
    poisson({ name: 'crowd', from: 3_400, to: 6_000, perSecond: 80 }),
  ],
  faults: [
    { at: 600, for: 2_700, call: { fault: 'slot-migrates', provider: 'alpha', leadMs: 2_500, pauseMs: 30 } },
    { at: 3_600, for: 1_400, call: { fault: 'slot-migrates', provider: 'alpha', leadMs: 1_200, pauseMs: 30 } },
  ],
  // A slot that is on its way cannot be sent another way.
  fixed: ['faultStart', 'faultLength'],
  checks: [...always, noFailedAdmissions],
  catches: ['unanchored'],
  spares: [],
}
