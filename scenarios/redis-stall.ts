import { policyEnds } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * Twice for less than a caller waits, and twice for more: stopped, when what was given up is executed all the same, and cut off, when it never
 * arrives. The last one ends shortly before the storm does: what was not given back then is still there at the end.
 */
export const redisStall: Scenario = {
  name: 'redis-stall',
  claim:
    'Whatever a stalled store made of an acquire or a release that was given up, in the end nobody is counted in vain.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 30, priority: 1, heartbeatMs: 1_000 }),
      provider({ id: 'beta', limit: 60, priority: 2, heartbeatMs: 1_000 }),
    ],
    manners: { whenStoreIsAway: 'closed' },
    windowMs: 12_000,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_000, recoveryAt: 6_300, endAt: 7_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 7_500, perSecond: 60 })],
  faults: [
    { at: 1_000, for: 300, call: { fault: 'store-frozen' } },
    { at: 2_000, for: 1_400, call: { fault: 'store-frozen' } },
    { at: 4_200, for: 300, call: { fault: 'link-cut' } },
    { at: 4_900, for: 1_400, call: { fault: 'link-cut' } },
  ],
  // A client that was cut off for a second takes half a second to come back: within a shorter beat nobody can.
  fixed: ['heartbeatMs'],
  checks: [...always, policyEnds],
  catches: ['releases-once'],
  spares: [],
}
