import { endedStayEnded } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { conversations } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Few sessions, each with several requests under way at both instances; every third attempt fails and moves on, so that some are ended on their way. */
export const terminateSession: Scenario = {
  name: 'terminate-session',
  claim: 'A session that an operator ends is ended on every instance, while it runs and while it fails over.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 20, priority: 1 }), provider({ id: 'beta', limit: 20, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 100, tokens: 25, tokenMs: 40, spread: 0.4 },
    beta: { firstByteMs: 100, tokens: 25, tokenMs: 40, spread: 0.4 },
  },
  phases: { baselineAt: 500, stormAt: 1_000, recoveryAt: 4_000, endAt: 6_000 },
  load: [conversations({ name: 'talks', sessions: 8, turns: [{ from: 0, count: 15, everyMs: 400 }] })],
  faults: [
    { at: 900, for: 3_100, call: { fault: 'provider-fails', provider: 'alpha', ratio: 0.3, status: 500, afterMs: 80 } },
    { at: 1_500, for: 300, call: { fault: 'session-terminated', instance: 0, session: 'talks-0' } },
    { at: 2_300, for: 300, call: { fault: 'session-terminated', instance: 1, session: 'talks-1' } },
    { at: 3_100, for: 300, call: { fault: 'session-terminated', instance: 0, session: 'talks-2' } },
  ],
  // Something of the session must run when it is ended.
  fixed: ['stretch', 'tokens', 'tokenMs', 'dropped'],
  checks: [...always, endedStayEnded],
  catches: [],
  spares: [],
}
