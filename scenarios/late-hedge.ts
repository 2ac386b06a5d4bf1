import { noNeedlessCalls, refsMatchMembers } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** First bytes come just when a hedge is being admitted: many races are decided while the store is asked. */
export const lateHedge: Scenario = {
  name: 'late-hedge',
  claim: 'A hedge that is admitted when the race is decided is not started, and its slot goes back.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 60, priority: 1, hedge: { afterMs: 60, loser: 'abort' } }),
      provider({ id: 'beta', limit: 60, priority: 2, retryBudget: { ratio: 1, burst: 1_000 } }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 70, tokens: 12, tokenMs: 20, spread: 0.1 },
    beta: { firstByteMs: 300, tokens: 12, tokenMs: 20, spread: 0.1 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 4_000, endAt: 4_500 },
  load: [poisson({ name: 'load', from: 0, to: 4_500, perSecond: 50, mix: { streams: 1, anthropic: 0.5 } })],
  faults: [{ at: 200, for: 3_800, call: { fault: 'link-delayed', ms: 12 } }],
  // A store further off, or shorter sessions: and their way to the store is a good part of their time.
  fixed: ['toStoreMs', 'tokens', 'tokenMs'],
  checks: [...always, noNeedlessCalls, refsMatchMembers],
  catches: ['late-admission'],
  spares: [],
}
