/** The virtual world: the same proxy core and the same scripts, on a clock of its own and a Redis Cluster in memory. */
import type { Millis } from '../../../proxy/ports.ts'
import type { Script, TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import { VirtualClock } from '../../clock.ts'
import type { RunnerEvent, Tell } from '../../history.ts'
import type { DrawnPlan } from '../../plan.ts'
import { toBytes } from '../../redis/bytes.ts'
import { VirtualCluster } from '../../redis/cluster.ts'
import type { LuaEngine } from '../../redis/lua/engine.ts'
import type { ScriptText } from '../../redis/script.ts'
import type { World } from '../../world.ts'
import { playAsks } from './clients.ts'
import { createInstances } from './instances.ts'
import { type Parts, virtualLevers } from './levers/index.ts'
import { Network } from './network.ts'
import { VirtualProviders } from './providers.ts'
import { type Watch, watchStore } from './watch.ts'

/** What the world needs of the machine: the scripts and the engine, read once. */
export interface Resources {
  engine: LuaEngine
  sha1(text: string): string
  scriptOf(script: Script): ScriptText
}

export interface VirtualOptions {
  plan: DrawnPlan
  tracker: TrackerVariant
  resources: Resources
  /** Told at once. */
  tell: Tell
  /** How far replicas are behind: 1 ms, as on one host, where nothing is said. */
  lagMs?: Millis
  /** Called now and then, to let the machine's own events in; see `VirtualClock`. */
  breathe?(next: () => void): void
  /** Fires to interrupt: playing rejects with its reason. Looked at with each breath. */
  signal?: AbortSignal
}

/** `parts`: what the levers pull on, for whoever wants to look. */
export async function openVirtual(options: VirtualOptions): Promise<World & { parts: Parts }> {
  const { plan, tracker, resources, tell, lagMs = 1, breathe, signal } = options
  const { topology, paces, seed } = plan
  const { engine, sha1, scriptOf } = resources
  const clock = new VirtualClock(breathe)
  const now = () => clock.now()
  const watched = new Map(topology.providers.map(({ id }) => [toBytes(tracker.membersKey(id)), id]))
  const watch: Watch = watchStore({ watched, holderOf: key => cluster.holderOf(key), now, tell })
  const cluster: VirtualCluster = new VirtualCluster({ clock, engine, sha1, lagMs, ...watch })
  const network = new Network(seed, now, topology.toStore)
  const providers = new VirtualProviders({ clock, seed, paces, tell })
  const instances = createInstances({ plan, tracker, clock, cluster, providers, network, scriptOf, tell })
  const parts = { clock, cluster, network, providers, instances, membersKey: tracker.membersKey }

  const record = (event: RunnerEvent) => tell({ at: clock.now(), from: 'runner', ...event })
  const stop = () => {
    for (const instance of instances) instance.stop()
  }

  return {
    name: 'virtual',
    parts,
    levers: virtualLevers(parts),
    begin() {
      for (const instance of instances) instance.run()
    },
    drive: work => clock.drive(work, signal),
    until: at => clock.sleep(at - clock.now()),
    now,
    ask: asks => playAsks(asks, 0, { clock, instances, tell, over: request => providers.forget(request) }),
    census: async () => watch.census(),
    record,
    async finish() {
      tell({ at: clock.now(), from: 'bystander', kind: 'store-round-trips', ...network.roundTrips() })
      watch.finish()
      tell({ at: clock.now(), from: 'store', kind: 'store-counted', ...countsOf(cluster) })
      stop()
    },
    close: async () => stop(),
  }
}

/** What all nodes counted: script calls, and errors by Redis's own prefix. */
function countsOf({ servers }: VirtualCluster) {
  const errors: Record<string, number> = {}
  let commands = 0
  for (const { node } of servers)
    for (const [name, count] of node.counts()) {
      if (name === 'EVAL' || name === 'EVALSHA') commands += count
      const kind = /^error (.*)$/.exec(name)?.[1]
      if (kind) errors[kind] = (errors[kind] ?? 0) + count
    }
  return { commands, errors }
}
