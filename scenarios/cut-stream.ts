import { everyRequestAnswered, nothingHidden } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario, ScheduledFault } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** One after the other; about half of the attempts meet it. */
const breaks = [
  { fault: 'provider-resets', afterChunks: 2, afterMs: 10 },
  { fault: 'provider-cuts', afterChunks: 2, afterBytes: 11 },
  { fault: 'provider-unterminated' },
  { fault: 'provider-malformed', afterChunks: 2 },
  { fault: 'provider-errors-in-stream', afterChunks: 2 },
  { fault: 'provider-empty' },
  { fault: 'provider-malformed', afterChunks: 0 },
].map((call, n): ScheduledFault => ({ at: 800 + 550 * n, for: 500, call: { provider: 'alpha', ratio: 0.6, ...call } }))

/** What has begun to answer cannot be replaced: such requests break, and must be seen to. */
export const cutStream: Scenario = {
  name: 'cut-stream',
  claim: 'However an answer breaks, its slot comes back at once, and the client never takes it for whole.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 40, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 15, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 15, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 800, recoveryAt: 4_600, endAt: 5_200 },
  load: [
    poisson({ name: 'calm', from: 0, to: 800, perSecond: 4 }),
    poisson({ name: 'storm', from: 800, to: 4_600, perSecond: 60 }),
    poisson({ name: 'after', from: 4_600, to: 5_200, perSecond: 10 }),
  ],
  faults: breaks,
  // Each has half a second to meet somebody, most of them a stream, and all of them at alpha.
  fixed: ['streams', 'rate', 'equals'],
  checks: [...afterFailures.filter(check => check !== everyRequestAnswered), nothingHidden],
  catches: ['ttl-only'],
  spares: [],
}
