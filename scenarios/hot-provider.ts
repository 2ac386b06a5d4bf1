import { capacityUsed } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson, saturate } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * A closed loop of more clients than there is room for: whoever is turned away asks again at once, so that one slot of the
 * store decides as fast as it can. What it says of speed are answers a second; waiting times of a closed loop say nothing.
 */
export const hotProvider: Scenario = {
  name: 'hot-provider',
  claim: 'However hard everybody presses on one provider, its limit holds, and a slot that comes free is used at once.',
  worlds: ['virtual', 'live'],
  topology: topology({ providers: [provider({ id: 'alpha', limit: 10 })] }),
  paces: { alpha: { firstByteMs: 60, tokens: 6, tokenMs: 20, spread: 0.5 } },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 3_000, endAt: 4_000 },
  load: [
    poisson({ name: 'calm', from: 0, to: 1_000, perSecond: 60 }),
    saturate({ name: 'pressing', from: 1_000, to: 3_000, clients: 14 }),
    poisson({ name: 'after', from: 3_200, to: 4_000, perSecond: 60 }),
  ],
  faults: [],
  costs: 5,
  checks: [...always, capacityUsed],
  catches: ['batches-releases'],
  spares: [],
}
