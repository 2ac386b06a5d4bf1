import { honestRefusals, membersBounded } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** What the big one served is far more than the small one takes. */
export const displacedLoad: Scenario = {
  name: 'displaced-load',
  claim: 'When a big provider fails onto a small one, the small one’s limit holds, and who finds no room is told so.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'big', limit: 60, priority: 1 }), provider({ id: 'small', limit: 5, priority: 2 })],
    instances: 3,
  }),
  paces: {
    big: { firstByteMs: 50, tokens: 8, tokenMs: 12, spread: 0.5 },
    small: { firstByteMs: 80, tokens: 8, tokenMs: 15, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_300, recoveryAt: 4_300, endAt: 5_300 },
  load: [poisson({ name: 'load', from: 0, to: 5_300, perSecond: 70 })],
  faults: [{ at: 1_300, for: 3_000, call: { fault: 'provider-fails', provider: 'big', status: 529, afterMs: 25 } }],
  // Where others take what the small one refuses nobody is refused.
  fixed: ['added'],
  checks: [...afterFailures, honestRefusals, membersBounded],
  catches: ['never-admits-on-failover'],
  spares: [],
}
