import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** No fault: more demand than the first provider takes, on a plain cluster. */
export const crossSlot: Scenario = {
  name: 'cross-slot',
  claim: 'On a Redis Cluster the limit holds at all: every script’s keys meet in one slot.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 8, priority: 1 }), provider({ id: 'beta', limit: 12, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 12, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 12, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_000, recoveryAt: 4_000, endAt: 5_500 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_000, perSecond: 20 }),
    poisson({ name: 'crowd', from: 1_000, to: 4_000, perSecond: 110 }),
    poisson({ name: 'after', from: 4_000, to: 5_500, perSecond: 20 }),
  ],
  faults: [],
  checks: always,
  catches: ['untagged'],
  spares: [],
}
