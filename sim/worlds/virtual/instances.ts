/** The proxy instances of a plan. Each boot is a core with a nonce, connections and a memory of its own. */
import { createProxy } from '../../../proxy/handle.ts'
import * as trackers from '../../../proxy/tracker/index.ts'
import type { Script, TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import type { WorldClock } from '../../clock.ts'
import type { Tell } from '../../history.ts'
import type { DrawnPlan } from '../../plan.ts'
import { chanceFor } from '../../random.ts'
import { VirtualClient } from '../../redis/client.ts'
import type { VirtualCluster } from '../../redis/cluster.ts'
import type { ScriptText } from '../../redis/script.ts'
import type { Topology } from '../../topology.ts'
import { Instance } from './instance.ts'
import type { Network } from './network.ts'
import type { VirtualProviders } from './providers.ts'

export interface Surroundings {
  plan: DrawnPlan
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
  const older = olderOf(topology)
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
      const { create } = (boot === 1 && older(n)) || tracker
      return createProxy(config, {
        clock: process,
        chance: chanceFor(seed, boot === 1 ? name : `${name} boot ${boot}`),
        transport: providers.transport(process, id => network.toProvider(name, id)),
        tracker: create(store, topology.windowMs, () => cluster.wallNow() + instance.clockErrorMs),
        store,
        emit: event => tell({ at: clock.now(), from: name, ...event }),
      })
    })
    return instance
  })
}

/** What an instance runs at first where that is not the tracker that is played. */
function olderOf({ older }: Topology): (instance: number) => TrackerVariant | undefined {
  const variant = Object.values<TrackerVariant>(trackers).find(({ name }) => name === older?.tracker)
  if (older && !variant) throw new Error(`no tracker ${older.tracker}`)
  return instance => (older?.instances.includes(instance) ? variant : undefined)
}
