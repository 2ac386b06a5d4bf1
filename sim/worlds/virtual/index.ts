/** The virtual world: the same proxy core and the same scripts, on a clock of its own and a Redis Cluster in memory. */
import { createProxy, type ProxyCore } from '../../../proxy/handle.ts'
import { anchor } from '../../../proxy/tracker/keys.ts'
import type { Script, TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import { VirtualClock } from '../../clock.ts'
import type { RunnerEvent, Tell } from '../../history.ts'
import type { Plan } from '../../plan.ts'
import { chanceFor, seedFor } from '../../random.ts'
import { fromBytes, toBytes } from '../../redis/bytes.ts'
import { VirtualClient } from '../../redis/client.ts'
import { VirtualCluster } from '../../redis/cluster.ts'
import { Link } from '../../redis/link.ts'
import type { LuaEngine } from '../../redis/lua/engine.ts'
import type { ScriptText } from '../../redis/script.ts'
import type { World } from '../../world.ts'
import { playAsks } from './clients.ts'
import { VirtualProviders } from './providers.ts'
import { watchStore } from './watch.ts'

/** What the world needs of the machine: the scripts and the engine, read once. */
export interface Resources {
  engine: LuaEngine
  sha1(text: string): string
  scriptOf(script: Script): ScriptText
}

export interface VirtualOptions {
  plan: Plan
  tracker: TrackerVariant
  resources: Resources
  /** Told at once. */
  tell: Tell
  /** Called now and then, to let the machine's own events in; see `VirtualClock`. */
  breathe?(next: () => void): void
  /** Fires to interrupt: playing rejects with its reason. Looked at with each breath. */
  signal?: AbortSignal
}

/** One-way delays. Round trips cost time, or races would vanish. */
const usuallyToStore = { minMs: 0.1, maxMs: 0.5 }
const toProvider = { minMs: 0.2, maxMs: 1 }

export async function openVirtual({ plan, tracker, resources, tell, breathe, signal }: VirtualOptions): Promise<World> {
  const { topology, paces, seed } = plan
  const { engine, sha1, scriptOf } = resources
  const clock = new VirtualClock(breathe)
  const now = () => clock.now()
  const toStore = topology.toStore ?? usuallyToStore
  const linkBetween = (from: string, to: string, range: typeof toProvider) =>
    new Link({ seed: seedFor(seed, 'link', from, to), now, ...range })
  const watched = new Map(topology.providers.map(({ id }) => [toBytes(tracker.membersKey(id)), id]))
  const watch = watchStore(watched, now, tell)
  const cluster = new VirtualCluster({ clock, engine, sha1, changed: watch.changed, lost: watch.lost })
  const providers = new VirtualProviders({ clock, seed, paces, tell })
  const running = new AbortController()

  const proxies = Array.from({ length: topology.instances }, (_, n): ProxyCore => {
    const instance = `proxy-${n + 1}`
    const links = new Map<string, Link>()
    const linkTo = (to: string, range: typeof toProvider) => {
      let link = links.get(to)
      if (!link) links.set(to, (link = linkBetween(instance, to, range)))
      return link
    }
    const store = new VirtualClient({ clock, cluster, linkTo: address => linkTo(address, toStore), textOf: scriptOf })
    return createProxy(
      {
        instance,
        instances: topology.instances,
        providers: topology.providers.map(spec => ({ ...spec, baseUrl: '' })),
        ...topology.manners,
      },
      {
        clock,
        chance: chanceFor(seed, instance),
        transport: providers.transport(id => linkTo(id, toProvider)),
        tracker: tracker.create(store, topology.windowMs, () => cluster.wallNow()),
        store,
        emit: event => tell({ at: clock.now(), from: instance, ...event }),
      },
    )
  })

  const record = (event: RunnerEvent) => tell({ at: clock.now(), from: 'runner', ...event })

  return {
    name: 'virtual',
    levers: {
      provider(id) {
        const behaviours = providers.behaviours(id)
        return {
          async behave(behaviour) {
            const undo = behaviours.behave(behaviour)
            return async () => undo()
          },
          answered: async () => behaviours.counts(),
        }
      },
    },
    begin() {
      for (const proxy of proxies) proxy.run(running.signal)
    },
    drive: work => clock.drive(work, signal),
    until: at => clock.sleep(at - clock.now()),
    now,
    ask: asks => playAsks(asks, 0, { clock, proxies, tell, over: request => providers.forget(request) }),
    async census() {
      for (const [key, provider] of watched) {
        const { node } = cluster.shardOf(key).primary
        const entries = [...(node.keyspace.zset(key) ?? [])].filter(({ member }) => member !== anchor)
        watch.census(
          provider,
          node,
          entries.map(({ member }) => fromBytes(member)),
        )
      }
    },
    record,
    async finish() {
      tell({
        at: clock.now(),
        from: 'bystander',
        kind: 'store-round-trips',
        ...roundTrips(linkBetween('bystander', '', toStore)),
      })
      watch.finish()
      const errors: Record<string, number> = {}
      let commands = 0
      for (const { node } of cluster.shards.flatMap(({ primary, replica }) => [primary, replica]))
        for (const [name, count] of node.counts()) {
          if (name === 'EVAL' || name === 'EVALSHA') commands += count
          const kind = /^error (.*)$/.exec(name)?.[1]
          if (kind) errors[kind] = (errors[kind] ?? 0) + count
        }
      tell({ at: clock.now(), from: 'store', kind: 'store-counted', commands, errors })
      running.abort(new Error('the run is over'))
    },
    async close() {
      running.abort(new Error('the run is over'))
    },
  }
}

/** A thousand round trips over a link such as the proxies have. */
function roundTrips(link: Link) {
  const trips = Array.from({ length: 1_000 }, () => link.delay() + link.delay()).sort((a, b) => a - b)
  const micros = (ms: number) => Math.round(ms * 1000) / 1000
  return { p50Ms: micros(trips[499]!), p99Ms: micros(trips[989]!), samples: trips.length }
}
