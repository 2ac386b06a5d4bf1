import * as checks from '../sim/checks/index.ts'
import { bursts } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Three requests of one session at once; about half fail early, the others go on for a while. */
export const sameSession: Scenario = {
  name: 'same-session',
  claim: 'A session with parallel requests and mixed outcomes is counted until its last one ends.',
  worlds: ['live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 10, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 20, spread: 0.3 },
    beta: { firstByteMs: 30, tokens: 5, tokenMs: 10, spread: 0.3 },
  },
  phases: { baselineAt: 300, stormAt: 800, recoveryAt: 4_800, endAt: 5_300 },
  load: [
    bursts({ name: 'calm', from: 300, to: 800, perSecond: 8, size: 3, sessions: 12 }),
    bursts({ name: 'storm', from: 800, to: 4_800, perSecond: 40, size: 3, sessions: 60 }),
    bursts({ name: 'after', from: 4_800, to: 5_300, perSecond: 8, size: 3, sessions: 12 }),
  ],
  faults: [
    { at: 800, for: 4_000, call: { fault: 'provider-mixed', provider: 'alpha', ratio: 0.5, status: 500, afterMs: 25 } },
  ],
  checks: [
    checks.limitsHold,
    checks.noCrossSlot,
    checks.nothingUncounted,
    checks.everySlotReturned,
    checks.residencyWithin,
    checks.tracksTruth,
    checks.noGhostRejections,
    checks.everyRequestAnswered,
    checks.recoversWithin,
  ],
  catches: ['raw-remove'],
  spares: [],
}
