import { noFailedAdmissions } from '../sim/checks/index.ts'
import { always } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

/** Attempts are shorter than the time that a proxy waits for what runs, so nothing has to be cut. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  claim: 'Proxies that are restarted one after another drop no request and leave no slot behind.',
  worlds: ['virtual', 'live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 10, priority: 1 }), provider({ id: 'beta', limit: 20, priority: 2 })],
    instances: 3,
  }),
  paces: {
    alpha: { firstByteMs: 60, tokens: 10, tokenMs: 25, spread: 0.5 },
    beta: { firstByteMs: 60, tokens: 10, tokenMs: 25, spread: 0.5 },
  },
  phases: { baselineAt: 500, stormAt: 1_000, recoveryAt: 6_600, endAt: 7_900 },
  load: [poisson({ name: 'crowd', from: 0, to: 7_900, perSecond: 50 })],
  faults: [
    { at: 1_000, for: 700, call: { fault: 'proxy-terminated', instance: 0 } },
    { at: 3_400, for: 700, call: { fault: 'proxy-terminated', instance: 1 } },
    { at: 5_800, for: 700, call: { fault: 'proxy-terminated', instance: 2 } },
  ],
  checks: [...always, noFailedAdmissions],
  catches: [],
  spares: [],
}
