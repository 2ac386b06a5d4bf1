import { breakersHold, budgetHolds, noCallAfterAbort, refsMatchMembers } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

const careful = {
  attempts: 3,
  retryBudget: { ratio: 0.5, burst: 20 },
  breaker: { failures: 4, windowMs: 2_000, openMs: 300, probes: 1 },
}

/**
 * Most clients leave: before the answer, in the middle of it, while a hedge runs, and, since some attempts fail, while the
 * proxy waits before it tries again.
 */
export const abortStorm: Scenario = {
  name: 'abort-storm',
  claim: 'When clients leave, whatever was open for them is closed, nothing more is begun, and no provider is blamed.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 30, priority: 1, ...careful, hedge: { afterMs: 90, loser: 'abort' } }),
      provider({ id: 'beta', limit: 30, priority: 2, ...careful }),
    ],
    manners: { backOff: { baseMs: 80, capMs: 200 } },
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 10, tokenMs: 15, spread: 0.6 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 15, spread: 0.6 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 4_600, endAt: 5_200 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_000, perSecond: 5 }),
    poisson({
      name: 'leaving',
      from: 1_000,
      to: 4_600,
      perSecond: 70,
      mix: { streams: 0.7, anthropic: 0.5, leavers: { share: 0.8, withinMs: 180 } },
    }),
    poisson({ name: 'after', from: 4_600, to: 5_200, perSecond: 10 }),
  ],
  faults: [
    {
      at: 1_000,
      for: 3_600,
      call: { fault: 'provider-fails', provider: 'alpha', ratio: 0.2, status: 500, afterMs: 30 },
    },
  ],
  checks: [...afterFailures, noCallAfterAbort, budgetHolds, breakersHold, refsMatchMembers],
  catches: ['forgets-abort', 'ttl-only'],
  spares: [],
}
