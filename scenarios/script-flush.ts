import { noFailedAdmissions } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Both providers are crowded, so that scripts are under way at every moment. */
export const scriptFlush: Scenario = {
  name: 'script-flush',
  claim: 'A store that forgets its scripts is told them again, and nobody notices.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 8, priority: 1 }), provider({ id: 'beta', limit: 12, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 12, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 12, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 3_500, endAt: 4_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 4_500, perSecond: 90 })],
  faults: [
    { at: 1_000, for: 500, call: { fault: 'scripts-flushed', provider: 'alpha' } },
    { at: 2_000, for: 500, call: { fault: 'scripts-flushed', provider: 'beta' } },
    { at: 3_000, for: 500, call: { fault: 'scripts-flushed', provider: 'alpha' } },
  ],
  checks: [...always, noFailedAdmissions],
  catches: [],
  spares: [],
}
