import { refsMatchMembers } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { bursts } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Three requests of one session at once; about half fail early, the others go on for a while. */
export const sameSession: Scenario = {
  name: 'same-session',
  claim: 'A session with parallel requests and mixed outcomes is counted until its last one ends.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 8, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 20, spread: 0.3 },
    beta: { firstByteMs: 30, tokens: 5, tokenMs: 10, spread: 0.3 },
  },
  phases: { baselineAt: 300, stormAt: 300, recoveryAt: 4_800, endAt: 4_800 },
  // No calm before the storm: trackers that keep sessions after a success would be full of sessions that never fail.
  load: [bursts({ name: 'storm', from: 300, to: 4_800, perSecond: 45, size: 3, sessions: 20 })],
  faults: [
    {
      at: 250,
      for: 4_550,
      call: { fault: 'provider-fails', provider: 'alpha', ratio: 0.5, status: 500, afterMs: 25 },
    },
  ],
  checks: [...afterFailures, refsMatchMembers],
  catches: ['raw-remove', 'releases-twice'],
  spares: [],
}
