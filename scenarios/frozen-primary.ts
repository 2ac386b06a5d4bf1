import { policyEnds } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { bursts, conversations } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** The provider fails meanwhile: what a session held before, and what the stopped node still believes, must not keep it. */
export const frozenPrimary: Scenario = {
  name: 'frozen-primary',
  claim: 'When a primary is stopped, replaced and wakes up, what it acknowledged in vain is found and made good.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 60, priority: 1 }), provider({ id: 'beta', limit: 60, priority: 2 })],
    manners: { whenStoreIsAway: 'closed' },
    windowMs: 12_000,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 20, spread: 0.8 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 20, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_500, recoveryAt: 6_600, endAt: 7_600 },
  load: [
    conversations({
      name: 'talks',
      sessions: 25,
      turns: [
        { from: 200, count: 3, everyMs: 300 },
        { from: 1_900, count: 9, everyMs: 500 },
      ],
    }),
    bursts({ name: 'pairs', from: 500, to: 7_600, perSecond: 10, size: 2, sessions: 20 }),
  ],
  faults: [
    { at: 1_500, for: 3_300, call: { fault: 'primary-frozen', provider: 'alpha' } },
    { at: 1_900, for: 4_700, call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 30 } },
  ],
  checks: [...always, policyEnds],
  catches: ['ref-count'],
  spares: [],
}
