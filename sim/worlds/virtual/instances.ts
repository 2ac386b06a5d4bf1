/** The proxy instances of a plan. Each boot is a core with a nonce, connections and a memory of its own. */
import { createProxy } from '../../../proxy/handle.ts'
import type { Script, TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import type { WorldClock } from '../../clock.ts'
import type { Tell } from '../../history.ts'
import type { Plan } from '../../plan.ts'
import { chanceFor } from '../../random.ts'
import { VirtualClient } from '../../redis/client.ts'
import type { VirtualCluster } from '../../redis/cluster.ts'
import type { ScriptText } from '../../redis/script.ts'
import { Instance } from './instance.ts'
import type { Network } from './network.ts'
import type { VirtualProviders } from './providers.ts'

export interface Surroundings {
  plan: Plan
  tracker: TrackerVariant
  clock: WorldClock
  cluster: VirtualCluster
  providers: VirtualProviders
  network: Network
  scriptOf(script: Script): ScriptText
  tell: Tell
}

export function createInstances(around: Surroundings): Instance[] {
  const { plan, tracker, clock, cluster, providers, network, scriptOf, tell } = around
  const { topology, seed } = plan
  return Array.from({ length: topology.instances }, (_, n) => {
    const name = `proxy-${n + 1}`
    const config = {
      instance: name,
      instances: topology.instances,
      providers: topology.providers.map(spec => ({ ...spec, baseUrl: '' })),
      ...topology.manners,
    }
    const instance: Instance = new Instance(name, clock, (process, boot) => {
      const linkTo = (address: string) => network.toNode(name, address)
      const store = new VirtualClient({ clock: process, cluster, linkTo, textOf: scriptOf })
      process.opened(store)
      return createProxy(config, {
        clock: process,
        chance: chanceFor(seed, boot === 1 ? name : `${name} boot ${boot}`),
        transport: providers.transport(process, id => network.toProvider(name, id)),
        tracker: tracker.create(store, topology.windowMs, () => cluster.wallNow() + instance.clockErrorMs),
        store,
        emit: event => tell({ at: clock.now(), from: name, ...event }),
      })
    })
    return instance
  })
}
