import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Most of the limit, twice: until an audit has found them nobody else has room. */
export const legacyMembers: Scenario = {
  name: 'legacy-members',
  claim: 'Members that an older version left are found and removed within a lease, and take nobody’s place for longer.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 12, priority: 1 }), provider({ id: 'beta', limit: 30, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 3_600, endAt: 6_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 6_500, perSecond: 50 })],
  faults: [
    { at: 1_000, for: 50, call: { fault: 'members-planted', provider: 'alpha', count: 9, score: 1 } },
    // An older version wrote the time of the last activity.
    { at: 3_500, for: 50, call: { fault: 'members-planted', provider: 'alpha', count: 9, score: 1_767_225_600_000 } },
  ],
  checks: always,
  catches: ['counter'],
  spares: [],
}
