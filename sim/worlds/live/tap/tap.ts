/** The observer of a cluster: every change of the watched sets, from the replication streams of the primaries that own them. */
import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
import { build } from 'hdr-histogram-js'
import { anchor } from '../../../../proxy/tracker/keys.ts'
import type { Event, RawEvent, StoreEvent } from '../../../history.ts'
import { type Address, atNode, nameOf } from '../cluster/at-node.ts'
import { servingSlot } from '../cluster/serving.ts'
import { hostNow } from '../part.ts'
import { Homes, scoreOf } from './homes.ts'
import { Elsewhere, Shard } from './shard.ts'

/** After a failover each moment counts: a node that is frozen is soon passed over. */
const quickMs = 300

/** A slot on its way arrives in less. */
const patienceMs = 15_000

export interface TapOptions {
  nodes: readonly Address[]
  watch: readonly { provider: string; key: string }[]
  emit(event: RawEvent): void
  /** Slots may move while it watches: it follows those primaries too that own no watched key yet. */
  slotsMove?: boolean
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
  slotsMove = false,
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
  const keys = watch.map(({ key }) => key)
  const primaries = await primariesOf(keys, nodes, slotsMove)
  const shards: Shard[] = primaries.map(
    ({ slot }, n) =>
      new Shard({
        keys,
        owns: key => homes.of(key) === shards[n],
        locate: async () => (await servingSlot(slot, nodes, quickMs))[0],
        fenceEveryMs,
        events: {
          changed: sighting => homes.take(shards[n]!, 'changed', sighting),
          lost: sighting => homes.take(shards[n]!, 'lost', sighting),
          gap: (node, since, because) => tell(hostNow(), { kind: 'store-gap', node, since, because }),
        },
      }),
  )
  const homes = new Homes({
    shards,
    homes: new Map(primaries.flatMap(({ owned }, n) => owned.map(key => [key, shards[n]!] as const))),
    async ownerOf(key) {
      const [owner] = await servingSlot(slotOf(key), nodes, quickMs)
      return shards.find(({ node }) => node === nameOf(owner))
    },
    tell(kind, sighting) {
      const { at, key, member, since, node, offset } = sighting
      if (member === anchor) return
      widths.recordValue(Math.max(1, Math.round((at - since) * 1000)))
      const score = scoreOf(kind, sighting)
      tell(at, { kind: `store-${kind}`, provider: providerOf.get(key)!, member, score, since, node, offset })
    },
  })
  await Promise.all(shards.map(shard => shard.start()))

  /** Asks the shard where the key lives, which may be another one in the next moment. */
  async function compare(key: string) {
    for (const deadline = hostNow() + patienceMs; ; await sleep(20)) {
      try {
        return await homes.of(key).compare(key)
      } catch (error) {
        if (!(error instanceof Elsewhere) || hostNow() > deadline) throw error
        await homes.lookFor(key)
      }
    }
  }

  async function check(alwaysTell: boolean) {
    for (const { provider, key } of watch) {
      const { reading, matched, node } = await compare(key)
      if (matched && !alwaysTell) continue
      const members = [...reading.members.keys()].filter(member => member !== anchor)
      const { offset, sentMs: since, receivedMs: at } = reading
      tell(at, { kind: 'store-census', provider, members, since, node, offset, matched })
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
      await Promise.all(shards.map(shard => shard.sync()))
      await homes.settled()
    },
    cut() {
      for (const shard of shards) shard.cut()
    },
    async close() {
      closing.abort()
      await checking
      await Promise.all(shards.map(shard => shard.close()))
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

type Range = readonly [number, number, readonly [string, number]]

interface Primary {
  /** Whoever owns this slot leads the shard: it stays, whatever moves. */
  slot: number
  owned: string[]
}

/** Those that own keys; where slots move, the others too. */
async function primariesOf(keys: readonly string[], nodes: readonly Address[], slotsMove: boolean): Promise<Primary[]> {
  const watched = new Set(keys.map(key => slotOf(key)))
  for (const node of nodes) {
    const byOwner = [...Map.groupBy(await rangesAt(node), ([, , [host, port]]) => `${host}:${port}`).values()]
    if (!byOwner.length) continue
    const primaries = byOwner.map(ranges => {
      const inRange = (slot: number) => ranges.some(([from, to]) => from <= slot && slot <= to)
      const slots = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n))
      const slot = slots.find(candidate => !watched.has(candidate)) ?? slots[0]!
      return { slot, owned: keys.filter(key => inRange(slotOf(key))) }
    })
    return primaries.filter(({ owned }) => slotsMove || owned.length > 0)
  }
  throw new Error('no node of the cluster knows its slots')
}

const rangesAt = (node: Address): Promise<Range[]> =>
  atNode(node, redis => redis.call('CLUSTER', 'SLOTS') as Promise<Range[]>, quickMs).catch(() => [])
