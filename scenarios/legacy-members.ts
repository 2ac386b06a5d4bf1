import { excessBounded } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * An upgrade: at first half of the proxies run an older version, which scores times, removes whose score is none, and releases nothing.
 * While it is there, a bounded excess is all that is claimed. The warm-up ends a lease and a beat after its last request, and from
 * then on the count is true. Then most of the limit is planted, twice: until an audit has found them nobody else has room.
 */
export const legacyMembers: Scenario = {
  name: 'legacy-members',
  claim:
    'An older version beside this one takes the limit beyond it by no more than once; what it left is gone within a lease.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 12, priority: 1 }), provider({ id: 'beta', limit: 30, priority: 2 })],
    older: { tracker: 'ttl-only', instances: [1] },
    windowMs: 12_000,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
  },
  phases: { baselineAt: 4_500, stormAt: 5_200, recoveryAt: 7_800, endAt: 10_500 },
  load: [
    poisson({ name: 'mixed', from: 0, to: 1_500, perSecond: 200 }),
    poisson({ name: 'crowd', from: 1_500, to: 10_500, perSecond: 50 }),
  ],
  faults: [
    { at: 1_500, for: 500, call: { fault: 'proxy-terminated', instance: 1 } },
    { at: 5_200, for: 50, call: { fault: 'members-planted', provider: 'alpha', count: 9, score: 1 } },
    // The older version wrote the time of the last activity.
    { at: 7_700, for: 50, call: { fault: 'members-planted', provider: 'alpha', count: 9, score: 1_767_225_600_000 } },
  ],
  // The older version knew no limit of attempts. What an audit removes while it is served the older version admits once more: more
  // audits, or longer answers, and the excess would be larger.
  fixed: ['unit', 'instances', 'heartbeatMs', 'tokens', 'tokenMs', 'firstByte'],
  checks: [...always, excessBounded],
  catches: ['counter', 'untagged'],
  spares: [],
}
