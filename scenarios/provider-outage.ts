import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * Every request is a session of its own, so a session fails before it ever succeeded there (k = 0): what a tracker does
 * after earlier successes is `success-then-failure`. The baseline is sparse, so that trackers which keep sessions after a
 * success are not full of them when the storm begins.
 */
export const providerOutage: Scenario = {
  name: 'provider-outage',
  claim: 'When a provider answers 500 for a while, its slots come back at once and the fallback keeps its limit.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 40, priority: 1 }), provider({ id: 'beta', limit: 20, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 8, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 8, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 2_000, recoveryAt: 5_000, endAt: 6_000 },
  load: [
    poisson({ name: 'warm-up', from: 0, to: 500, perSecond: 6 }),
    poisson({ name: 'baseline', from: 500, to: 2_000, perSecond: 6 }),
    poisson({ name: 'storm', from: 2_000, to: 5_000, perSecond: 100 }),
    poisson({ name: 'recovery', from: 5_000, to: 6_000, perSecond: 6 }),
  ],
  faults: [{ at: 2_000, for: 3_000, call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 20 } }],
  alsoUnder: [
    { fault: 'scripts-flushed', provider: 'alpha' },
    { fault: 'primary-fails-over', provider: 'alpha' },
    { fault: 'proxy-skewed', instance: 0 },
    { fault: 'proxy-terminated', instance: 0 },
  ],
  checks: afterFailures,
  catches: ['ttl-only', 'renews-after-release'],
  spares: ['ref-count'],
}
