import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Streams that take longer than a beat, so that whose leases are ended before their time is seen. */
export const clockSkew: Scenario = {
  name: 'clock-skew',
  claim: 'A proxy whose clock is ten minutes ahead ends nobody’s lease: it is the store that tells the time.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 20, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 20, tokenMs: 40, spread: 0.4 },
    beta: { firstByteMs: 80, tokens: 20, tokenMs: 40, spread: 0.4 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 4_000, endAt: 5_000 },
  load: [poisson({ name: 'streams', from: 0, to: 5_000, perSecond: 40 })],
  faults: [{ at: 1_500, for: 2_500, call: { fault: 'proxy-skewed', instance: 1, byMs: 600_000 } }],
  checks: always,
  catches: ['wall-clock'],
  spares: [],
}
