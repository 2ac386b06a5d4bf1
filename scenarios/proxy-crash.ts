import { leasesEnd } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** A lease of 1 s: the recovery is longer, and so are the streams of the second provider, so that whoever leases by another measure is seen. */
export const proxyCrash: Scenario = {
  name: 'proxy-crash',
  claim:
    'What a killed proxy held comes back when its leases end, neither sooner nor later, and its peers are unharmed.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 16, priority: 1, heartbeatMs: 250 }),
      provider({ id: 'beta', limit: 30, priority: 2, heartbeatMs: 250 }),
    ],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 10, tokenMs: 40, spread: 0.5 },
    beta: { firstByteMs: 80, tokens: 60, tokenMs: 45, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 2_500, endAt: 5_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 5_500, perSecond: 50 })],
  faults: [{ at: 1_500, for: 1_000, call: { fault: 'proxy-killed', instance: 1 } }],
  checks: [...always, leasesEnd],
  catches: ['counter', 'fixed-slot'],
  spares: [],
}
