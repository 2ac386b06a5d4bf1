import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Streams that take several beats, so that those who are forgotten are still there when they are to be known again. */
export const coldStore: Scenario = {
  name: 'cold-store',
  claim: 'A store that has forgotten everything knows all who are there again within a heartbeat.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 15, priority: 1 }), provider({ id: 'beta', limit: 60, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 25, tokenMs: 50, spread: 0.5 },
    beta: { firstByteMs: 80, tokens: 25, tokenMs: 50, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 2_000, recoveryAt: 3_600, endAt: 5_000 },
  load: [poisson({ name: 'streams', from: 0, to: 5_000, perSecond: 25 })],
  faults: [
    { at: 2_000, for: 50, call: { fault: 'store-flushed', provider: 'alpha' } },
    { at: 3_500, for: 50, call: { fault: 'store-flushed', provider: 'beta' } },
  ],
  checks: always,
  catches: ['counter'],
  spares: [],
}
