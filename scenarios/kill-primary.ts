import { policyEnds } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { bursts } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * Whoever asks meanwhile is refused at that provider: with parallel requests of the same sessions, some of which run on, a release
 * that answers for an acquire that was never executed is seen.
 */
export const killPrimary: Scenario = {
  name: 'kill-primary',
  claim:
    'When the primary of a provider’s slot is killed, the gap is bounded and declared, and then the count is true.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 12, priority: 1 }), provider({ id: 'beta', limit: 24, priority: 2 })],
    manners: { whenStoreIsAway: 'closed' },
    windowMs: 12_000,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 20, tokenMs: 40, spread: 0.8 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 30, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 6_000, endAt: 8_500 },
  load: [bursts({ name: 'pairs', from: 0, to: 8_500, perSecond: 20, size: 2, sessions: 40 })],
  faults: [{ at: 1_500, for: 4_500, call: { fault: 'primary-killed', provider: 'alpha' } }],
  checks: [...always, policyEnds],
  catches: ['counter'],
  spares: [],
}
