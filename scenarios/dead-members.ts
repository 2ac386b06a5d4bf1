import { noFailedAdmissions } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/**
 * As many as one set once held. Nobody may wait for their removal. Not live: so many changes at once widen the windows in which the tap can place
 * any change to most of a second, and then nothing can be said of sessions that are shorter.
 */
export const deadMembers: Scenario = {
  name: 'dead-members',
  claim: 'A set of 120,000 dead members is emptied within a lease, piece by piece, and every script stays short.',
  worlds: ['virtual'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 20, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 8, tokenMs: 20, spread: 0.5 },
  },
  phases: { baselineAt: 300, stormAt: 1_000, recoveryAt: 1_100, endAt: 5_500 },
  load: [poisson({ name: 'crowd', from: 0, to: 5_500, perSecond: 25 })],
  faults: [{ at: 1_000, for: 50, call: { fault: 'members-planted', provider: 'alpha', count: 120_000, score: 1 } }],
  costs: 10,
  checks: [...always, noFailedAdmissions],
  catches: ['counter'],
  spares: [],
}
