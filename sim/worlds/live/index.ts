/** The live world: real proxy processes, a real Redis Cluster, real sockets; only the AI providers are played. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Provider } from '../../../proxy/provider.ts'
import type { TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import type { Fault } from '../../faults/fault.ts'
import * as faults from '../../faults/index.ts'
import { type Event, merge, type RawEvent, type RunnerEvent } from '../../history.ts'
import type { Levers } from '../../levers.ts'
import { poisson } from '../../load/index.ts'
import { type DrawnPlan, scheduledOf } from '../../plan.ts'
import type { Topology } from '../../topology.ts'
import type { World } from '../../world.ts'
import type { Address } from './cluster/at-node.ts'
import type { LiveCluster } from './cluster/index.ts'
import type { JoinedCluster } from './cluster/joined.ts'
import { freePorts } from './cluster/ports.ts'
import { liveLevers } from './levers/index.ts'
import { launchLinks } from './links/index.ts'
import { type LiveLoad, launchLoad } from './load/index.ts'
import { hostNow, type Part, startPart } from './part.ts'
import { type LiveProviders, launchProviders } from './providers/index.ts'
import { type LiveProxy, launchProxy } from './proxies/index.ts'
import { prefixed } from './proxies/prefixed.ts'
import { countStore, difference } from './store-counts.ts'

/** What the storm's clients present to the proxies. */
export const stormKey = 'stormproof-storm'

export interface LiveOptions {
  /** Cleared of keys before the run (of the run’s own, where it is somebody else’s); it outlives the world. */
  cluster: LiveCluster | JoinedCluster
  plan: DrawnPlan
  tracker: TrackerVariant
  /** Fires to interrupt: every wait rejects with its reason. */
  signal: AbortSignal
  /** Told at `finish`. */
  tell(event: Event): void
}

export async function openLive({ cluster, plan, tracker: variant, signal, tell }: LiveOptions): Promise<World> {
  const keyPrefix = cluster.ours ? '' : cluster.keyPrefix
  const tracker = prefixed(variant, keyPrefix)
  const { topology, paces, seed } = plan
  const events: RawEvent[] = []
  // A batch may be larger than a call has arguments.
  const onEvents = (batch: RawEvent[]) => {
    for (const event of batch) events.push(event)
  }
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    const started = closers.splice(0)
    await Promise.allSettled(started.map(stop => stop()))
    if (started.length && !cluster.ours) await cluster.flush()
  }
  const keep = <T>(thing: T, stop: (thing: T) => Promise<void>): T => {
    closers.push(() => stop(thing))
    return thing
  }
  const watch = topology.providers.map(({ id }) => ({ provider: id, key: tracker.membersKey(id) }))

  try {
    await cluster.flush()
    const tap = keep(startPart({ name: 'tap', main: new URL('./tap/main.ts', import.meta.url), onEvents }), stopPart)
    const bystander = keep(
      startPart({ name: 'bystander', main: new URL('./round-trips/main.ts', import.meta.url), onEvents }),
      stopPart,
    )
    const load = keep(launchLoad(onEvents), started => started.stop())
    const providers = keep(
      await launchProviders({
        seed,
        providers: topology.providers.map(({ id }) => ({ id, pace: paces[id]! })),
        onEvents,
      }),
      started => started.stop(),
    )
    const addressed: Provider[] = topology.providers.map(spec => ({ ...spec, baseUrl: providers.urls[spec.id]! }))
    const needed = leversNeededBy(plan)
    const links = needed.has('link')
      ? keep(await launchLinks({ nodes: cluster.nodes, instances: topology.instances }), started => started.stop())
      : undefined
    // Below the ephemeral range: nobody takes the address of a proxy that is away for a while.
    const ports = await freePorts(topology.instances)
    const [{ login }] = cluster.nodes as [Address]
    const proxies = await Promise.all(
      ports.map(async (port, n): Promise<LiveProxy> => {
        const config = {
          instance: `proxy-${n + 1}`,
          instances: topology.instances,
          providers: addressed,
          ...topology.manners,
        }
        const start = {
          config,
          port,
          tracker: tracker.name,
          ...(topology.older?.instances.includes(n) && { older: topology.older.tracker }),
          keyPrefix,
          windowMs: topology.windowMs,
          // The first it knows are reached through relays too, which speak TLS on the far side alone.
          redis: links ? Object.values(links.natMaps[n]!) : cluster.nodes,
          redisLogin: { ...login, ...(links && { natMap: links.natMaps[n]!, tls: false }) },
          keys: [stormKey],
        }
        return keep(await launchProxy(start, onEvents), started => started.stop())
      }),
    )
    await warm(load, providers, topology, proxies)
    // The last releases of the warm-up are under way.
    await sleep(100, undefined, { signal })
    await cluster.flush()
    const watchedFrom = hostNow()
    const sampling = { redis: cluster.nodes, keys: watch.map(({ key }) => key), seed }
    await Promise.all([
      tap.ask('start', { nodes: cluster.nodes, watch, slotsMove: needed.has('slot') }),
      bystander.ask('start', { ...sampling, meanGapMs: 5 }),
      ...proxies.map(proxy => proxy.sample({ ...sampling, meanGapMs: 15 })),
    ])
    const before = await countStore(cluster.nodes)
    let origin = hostNow()

    return {
      name: 'live',
      levers: liveLevers({
        cluster,
        providers,
        proxies,
        load,
        membersKey: tracker.membersKey,
        ...(links && { links }),
      }),
      begin() {
        // A moment's lead, so that the first asks are not late before they start.
        origin = hostNow() + 100
      },
      drive: work => work,
      now: () => hostNow() - origin,
      until: at => sleep(Math.max(0, at - (hostNow() - origin)), undefined, { signal }),
      ask: asks => load.play({ asks: [...asks], targets: proxies.map(({ url }) => url), origin, key: stormKey }),
      async census() {
        await tap.ask('census')
      },
      record: (event: RunnerEvent) => void events.push({ at: hostNow(), from: 'runner', ...event }),
      async finish() {
        const counted = difference(before, await countStore(cluster.nodes))
        events.push({ at: hostNow(), from: 'runner', kind: 'store-counted', ...counted })
        await tap.ask('sync')
        await close()
        // Parts tell in batches: some of the warm-up's came after it.
        const watched = events.splice(0).filter(({ at }) => at >= watchedFrom)
        for (const event of merge(watched, origin)) tell(event)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What nobody pulls need not be there. */
function leversNeededBy(plan: DrawnPlan): Set<keyof Levers> {
  const called = new Set(scheduledOf(plan).flatMap(step => (step.do === 'inject' ? [step.call.fault] : [])))
  return new Set(Object.values<Fault>(faults).flatMap(({ name, needs }) => (called.has(name) ? needs : [])))
}

/**
 * Sends requests of every kind through every process before anything is watched: code that runs for the first time is slow,
 * and would be taken for a slow release. The store is cleared afterwards.
 */
async function warm(
  load: LiveLoad,
  providers: LiveProviders,
  { providers: specs }: Topology,
  proxies: readonly LiveProxy[],
) {
  // Another provider may have the model: a failure that no breaker remembers.
  const error = { kind: 'error', status: 404, afterMs: 5 } as const
  const undos = await Promise.all(
    specs.map(({ id }) => providers.lever(id).behave({ kind: 'mixed', ratio: 0.5, of: error })),
  )
  const asks = [...poisson({ name: 'warm', from: 0, to: 1_500, perSecond: 250 }).asks(0)]
  await load.play({
    asks: asks.map((ask, n) => ({ do: 'ask', request: `warm-${n}`, via: n % proxies.length, ...ask })),
    targets: proxies.map(({ url }) => url),
    origin: hostNow(),
    key: stormKey,
  })
  await Promise.all(undos.map(undo => undo()))
}

const stopPart = (part: Part) => part.stop()
