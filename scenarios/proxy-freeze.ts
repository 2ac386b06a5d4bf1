import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Streams that outlast the stop, so that some run on without a lease; peers must not be refused for what nobody holds any more. */
export const proxyFreeze: Scenario = {
  name: 'proxy-freeze',
  claim:
    'A proxy that was stopped for longer than a lease says what it served without one, and harms no count when it goes on.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 16, priority: 1, heartbeatMs: 250 }),
      provider({ id: 'beta', limit: 40, priority: 2, heartbeatMs: 250 }),
    ],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 30, tokenMs: 40, spread: 0.8 },
    beta: { firstByteMs: 80, tokens: 10, tokenMs: 40, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 3_300, endAt: 5_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 5_500, perSecond: 30 })],
  faults: [{ at: 1_500, for: 1_800, call: { fault: 'proxy-frozen', instance: 1 } }],
  checks: always,
  catches: [],
  spares: [],
}
