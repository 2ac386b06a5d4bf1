import { policyEnds } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * No way leads to the store for longer than a lease, under the usual policy. The instances find it again one after the other: whoever is first
 * must not end the leases of those who are still cut off.
 */
export const storeOutage: Scenario = {
  name: 'store-outage',
  claim:
    'A store that was away for longer than a lease ends no lease when it is back; what was admitted meanwhile was declared.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 40, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
    windowMs: 10_000,
  }),
  paces: {
    alpha: { firstByteMs: 80, tokens: 60, tokenMs: 80, spread: 0.6 },
    beta: { firstByteMs: 80, tokens: 20, tokenMs: 40, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 2_000, recoveryAt: 5_500, endAt: 8_000 },
  load: [poisson({ name: 'streams', from: 0, to: 8_000, perSecond: 14 })],
  faults: [
    { at: 2_000, for: 2_700, call: { fault: 'link-cut', instance: 0 } },
    { at: 2_000, for: 3_500, call: { fault: 'link-cut', instance: 1 } },
  ],
  // Whoever sees the store for two beats while another does not ends the other's leases, and is right.
  fixed: ['instances', 'heartbeatMs', 'stretch', 'faultStart', 'faultLength'],
  checks: [...always, policyEnds],
  catches: ['wall-clock'],
  spares: [],
}
