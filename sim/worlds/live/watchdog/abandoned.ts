/** For the watchdog's own test: a runner amid a storm, with a frozen node, a frozen proxy and silent relays, which nobody will mend. */
import { lease } from '../../../../proxy/tracker/index.ts'
import { poisson } from '../../../load/index.ts'
import { makePlan } from '../../../plan.ts'
import { provider, topology } from '../../../topology.ts'
import { launchCluster } from '../cluster/index.ts'
import { openLive } from '../index.ts'
import { findRedisServer, thisMachine } from '../redis-server.ts'

const cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
const plan = makePlan(
  {
    name: 'abandoned',
    claim: 'nobody ends it',
    worlds: ['live'],
    topology: topology({ providers: [provider({ id: 'alpha', limit: 20, priority: 1 })] }),
    paces: { alpha: { firstByteMs: 10, tokens: 3, tokenMs: 5, spread: 0.2 } },
    phases: { baselineAt: 0, stormAt: 600, recoveryAt: 900, endAt: 60_000 },
    load: [poisson({ name: 'load', from: 0, to: 60_000, perSecond: 50 })],
    // Never played: it is why there are relays.
    faults: [{ at: 50_000, for: 100, call: { fault: 'link-silent' } }],
    checks: [],
    catches: [],
    spares: [],
  },
  1,
)
const world = await openLive({ cluster, plan, tracker: lease, signal: new AbortController().signal, tell() {} })
world.begin()
void world.ask(plan.steps.filter(step => step.do === 'ask'))
await world.until(200)
await world.levers.link!({ instance: 1 }).silence()
await world.levers.node!('alpha').freeze()
await world.levers.proxy!(0).freeze()
process.stdout.write('frozen\n')
