import { membersBounded, refsMatchMembers } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Answers of two to three seconds where a lease takes one, and more sessions than there is room. */
export const slowDrip: Scenario = {
  name: 'slow-drip',
  claim: 'A stream that outlasts its lease is counted to its end, and the limit with it.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 12, priority: 1, heartbeatMs: 250 })],
  }),
  paces: { alpha: { firstByteMs: 40, tokens: 10, tokenMs: 15, spread: 0.2 } },
  phases: { baselineAt: 200, stormAt: 600, recoveryAt: 4_200, endAt: 5_200 },
  load: [
    poisson({
      name: 'load',
      from: 0,
      to: 5_200,
      perSecond: 25,
      mix: { streams: 0.8, anthropic: 0.5 },
    }),
  ],
  faults: [{ at: 600, for: 3_600, call: { fault: 'provider-drips', provider: 'alpha', tokenMs: 280 } }],
  checks: [...always, membersBounded, refsMatchMembers],
  catches: ['fixed-slot'],
  spares: [],
}
