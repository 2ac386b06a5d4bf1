import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** The store cuts them itself (CLIENT KILL): what it has executed it has answered before. Lost replies are `lost-replies`. */
export const connectionResets: Scenario = {
  name: 'connection-resets',
  // Limits are far away: nothing but how often each is counted is at stake.
  claim: 'However often connections to the store break, and commands are sent twice, nobody is counted twice.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({ id: 'alpha', limit: 1_500, priority: 1 }),
      provider({ id: 'beta', limit: 1_500, priority: 2 }),
    ],
    // A command that was cut is sent again after 100 ms.
    transitMs: 300,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 100, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 100, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 6_000, endAt: 7_000 },
  load: [poisson({ name: 'crowd', from: 0, to: 7_000, perSecond: 100 })],
  faults: [
    { at: 1_000, for: 5_000, call: { fault: 'connections-reset', provider: 'alpha', everyMs: 200 } },
    {
      at: 900,
      for: 5_200,
      call: { fault: 'provider-fails', provider: 'alpha', ratio: 0.5, status: 500, afterMs: 600 },
    },
  ],
  // From further away no reply comes between two cuts, and whoever asks goes on asking until it gives up. Cuts that come sooner after each other hit nobody.
  fixed: ['toStoreMs', 'faultStart', 'faultLength'],
  checks: always,
  catches: [],
  spares: [],
}
