import { breakersHold, budgetHolds } from '../sim/checks/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Whoever is sent there waits until its first byte is overdue. */
export const silentProvider: Scenario = {
  name: 'silent-provider',
  claim: 'A provider that accepts and never answers loses its sessions to another one when their patience ends.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [
      provider({
        id: 'alpha',
        limit: 25,
        priority: 1,
        firstByteMs: 250,
        breaker: { failures: 10, windowMs: 2_000, openMs: 300, probes: 2 },
      }),
      provider({ id: 'beta', limit: 60, priority: 2 }),
    ],
  }),
  paces: {
    alpha: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
    beta: { firstByteMs: 40, tokens: 6, tokenMs: 10, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_200, recoveryAt: 4_700, endAt: 5_500 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_200, perSecond: 4 }),
    poisson({ name: 'storm', from: 1_200, to: 4_700, perSecond: 50 }),
    poisson({ name: 'after', from: 4_700, to: 5_500, perSecond: 10 }),
  ],
  faults: [{ at: 1_200, for: 3_500, call: { fault: 'provider-silent', provider: 'alpha' } }],
  checks: [...afterFailures, breakersHold, budgetHolds],
  catches: ['ttl-only'],
  spares: [],
}
