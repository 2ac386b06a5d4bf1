/** The observer of a cluster: every change of the watched sets, from the replication streams of the primaries that own them. */
import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
import { build } from 'hdr-histogram-js'
import { Redis } from 'ioredis'
import { anchor } from '../../../../proxy/tracker/keys.ts'
import type { Event, RawEvent, StoreEvent } from '../../../history.ts'
import { hostNow } from '../part.ts'
import { Shard, type Sighting } from './shard.ts'

export interface Address {
  host: string
  port: number
}

export interface TapOptions {
  nodes: readonly Address[]
  watch: readonly { provider: string; key: string }[]
  emit(event: RawEvent): void
  fenceEveryMs?: number
  /** How often the replayed state is compared with the store under load. */
  checkEveryMs?: number
}

export interface Tap {
  /** Emits every watched set's members as the store holds them. */
  census(): Promise<void>
  /** Resolves when everything written before the call is emitted. */
  sync(): Promise<void>
  /** Breaks all links once, as a network would. */
  cut(): void
  /** Emits the resolution, and ends. */
  close(): Promise<void>
}

export async function openTap({
  nodes,
  watch,
  emit,
  fenceEveryMs = 2,
  checkEveryMs = 1_000,
}: TapOptions): Promise<Tap> {
  const providerOf = new Map(watch.map(({ provider, key }) => [key, provider]))
  const widths = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  })
  const tell = (at: number, event: StoreEvent) => emit({ at, from: 'tap', ...event } as Event)
  const sighted = (
    kind: 'store-changed' | 'store-lost',
    score: number | null,
    { at, key, member, since, node, offset }: Sighting,
  ) => {
    if (member === anchor) return
    widths.recordValue(Math.max(1, Math.round((at - since) * 1000)))
    tell(at, { kind, provider: providerOf.get(key)!, member, score, since, node, offset })
  }
  const events = {
    changed: (sighting: Sighting) => sighted('store-changed', sighting.after, sighting),
    lost: (sighting: Sighting) => sighted('store-lost', sighting.before, sighting),
    gap: (node: string, since: number, because: string) => tell(hostNow(), { kind: 'store-gap', node, since, because }),
  }

  const byOwner = Map.groupBy(
    await Promise.all(watch.map(async ({ key }) => ({ key, owner: await ownerOf(key, nodes) }))),
    ({ owner }) => `${owner.host}:${owner.port}`,
  )
  const shards = [...byOwner.values()].map(owned => {
    const keys = owned.map(({ key }) => key)
    return { keys, shard: new Shard({ keys, locate: () => ownerOf(keys[0]!, nodes), fenceEveryMs, events }) }
  })
  await Promise.all(shards.map(({ shard }) => shard.start()))

  async function check(alwaysTell: boolean) {
    for (const { keys, shard } of shards)
      for (const key of keys) {
        const { reading, matched, node } = await shard.compare(key)
        if (matched && !alwaysTell) continue
        const members = [...reading.members.keys()].filter(member => member !== anchor)
        const { offset, sentMs: since, receivedMs: at } = reading
        tell(at, { kind: 'store-census', provider: providerOf.get(key)!, members, since, node, offset, matched })
      }
  }

  const closing = new AbortController()
  const checking = (async () => {
    for (;;) {
      const stopped = await sleep(checkEveryMs, false, { signal: closing.signal }).catch(() => true)
      if (stopped) return
      // A node that is away cannot be compared with; its gap or its return tells the rest.
      await check(false).catch(() => {})
    }
  })()

  return {
    census: () => check(true),
    async sync() {
      await Promise.all(shards.map(({ shard }) => shard.sync()))
    },
    cut() {
      for (const { shard } of shards) shard.cut()
    },
    async close() {
      closing.abort()
      await checking
      await Promise.all(shards.map(({ shard }) => shard.close()))
      const percentile = (p: number) => widths.getValueAtPercentile(p) / 1000
      tell(hostNow(), {
        kind: 'store-resolution',
        p50Ms: percentile(50),
        p99Ms: percentile(99),
        changes: widths.totalCount,
      })
    },
  }
}

/** The primary that owns the key's slot, by the word of the first node that answers. */
async function ownerOf(key: string, nodes: readonly Address[]): Promise<Address> {
  const slot = slotOf(key)
  for (const { host, port } of nodes) {
    const redis = new Redis({
      host,
      port,
      protocol: 2,
      lazyConnect: true,
      disableClientInfo: true,
      commandTimeout: 300,
      connectTimeout: 300,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    })
    redis.on('error', () => {})
    try {
      await redis.connect()
      const ranges = (await redis.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
      const range = ranges.find(([from, to]) => from <= slot && slot <= to)
      if (range) return { host: range[2][0] || host, port: range[2][1] }
    } catch {
      // The next node may know.
    } finally {
      redis.disconnect()
    }
  }
  throw new Error(`no node of the cluster knows who owns ${key}`)
}
