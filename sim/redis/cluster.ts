/** A Redis Cluster in memory: who serves which slot, and slots on their way from one shard to another. */
import type { Millis } from '../../proxy/ports.ts'
import type { WorldClock } from '../clock.ts'
import type { Change } from './keyspace.ts'
import type { LuaEngine } from './lua/engine.ts'
import { keySlot, type Migration, VirtualNode } from './node.ts'
import { Server } from './server.ts'
import { Shard } from './shard.ts'

const slotCount = 16_384

export interface ClusterOptions {
  clock: WorldClock
  engine: LuaEngine
  sha1(text: string): string
  shards?: number
  /** How far a replica is behind its primary. */
  lagMs?: Millis
  /** After so long without a sign of life a primary is replaced by its replica. */
  nodeTimeoutMs?: Millis
  /** Told of every change at the node that serves its key, as it is made. */
  changed?(node: VirtualNode, change: Change): void
  /** Told of every change at a node that had been replaced and did not know it yet: nobody will ever see it. */
  lost?(node: VirtualNode, change: Change): void
  /** Told when other nodes serve than before, perhaps without what was changed last. */
  changedHands?(): void
}

/** Unix time, ms, at the start of virtual time: any plausible date. */
const epoch = Date.UTC(2026, 0, 1)

export class VirtualCluster {
  readonly shards: readonly Shard[]
  readonly #options: ClusterOptions
  /** By slot. */
  readonly #owners: Uint8Array
  readonly #servers = new Map<string, Server>()
  /** Milliseconds by which a node's clock is wrong. */
  readonly #skews = new Map<VirtualNode, Millis>()
  /** What clients are told; made anew when it has changed. */
  #seen: { owners: Uint8Array; primaries: string[] } | undefined
  /** A key changes its node: nothing happens to what it holds. */
  #moving = false

  constructor(options: ClusterOptions) {
    this.#options = options
    const { shards = 3, clock, nodeTimeoutMs = 1_000 } = options
    this.#owners = Uint8Array.from({ length: slotCount }, (_, slot) => Math.floor((slot * shards) / slotCount))
    const shardOptions = {
      clock,
      nodeTimeoutMs,
      hasMajority: () => this.shards.filter(({ primary }) => primary.state === 'up').length > shards / 2,
      changedHands: () => {
        this.#seen = undefined
        options.changedHands?.()
      },
    }
    this.shards = Array.from({ length: shards }, (_, n) => {
      const primary = this.#serve(`10.0.0.${n + 1}:6379`, 'primary')
      return new Shard(primary, this.#serve(`10.0.1.${n + 1}:6379`, 'replica'), shardOptions)
    })
  }

  ownerOf(slot: number): VirtualNode {
    return this.#shardOf(slot).primary.node
  }

  shardOf(key: string): Shard {
    return this.#shardOf(keySlot(key))
  }

  /** The node that has the key now, or would have it: while its slot is on its way that may be either end. */
  holderOf(key: string): VirtualNode {
    const slot = keySlot(key)
    const owner = this.ownerOf(slot)
    const migration = owner.migrations.find(moving => moving.slot === slot)
    return migration && !owner.keyspace.has(key) ? migration.to : owner
  }

  /** The server at an address of the cluster. */
  at(address: string): Server | undefined {
    return this.#servers.get(address)
  }

  get servers(): Iterable<Server> {
    return this.#servers.values()
  }

  /** Where each slot is served at this moment, as `CLUSTER SLOTS` tells a client. */
  addresses(): (slot: number) => string {
    const at = (this.#seen ??= {
      owners: this.#owners.slice(),
      primaries: this.shards.map(({ primary }) => primary.node.address),
    })
    return slot => at.primaries[at.owners[slot]!]!
  }

  /** Sets a node's clock wrong by this much. */
  skew(node: VirtualNode, byMs: Millis): void {
    this.#skews.set(node, byMs)
  }

  /** `CLUSTER SETSLOT … MIGRATING` and `IMPORTING`. */
  startMigration(slot: number, to: Shard): Migration {
    const from = this.ownerOf(slot)
    const migration = { slot, from, to: to.primary.node }
    from.migrations.push(migration)
    to.primary.node.migrations.push(migration)
    return migration
  }

  /** Keys of the slot that are still at the source. */
  keysToMigrate({ slot, from }: Migration): string[] {
    return from.keyspace.keys().filter(key => keySlot(key) === slot)
  }

  /** `MIGRATE … REPLACE` of one key. */
  migrateKey({ from, to }: Migration, key: string): void {
    const value = from.keyspace.get(key)
    if (!value) return
    const expiry = from.keyspace.expiryOf(key)
    this.#moving = true
    to.keyspace.put(key, value)
    if (expiry !== undefined) to.keyspace.expireAt(key, expiry)
    from.keyspace.delete(key)
    this.#moving = false
  }

  /** `CLUSTER SETSLOT … NODE`. */
  endMigration(migration: Migration): void {
    for (const node of [migration.from, migration.to])
      node.migrations = node.migrations.filter(other => other !== migration)
    this.#seen = undefined
    this.#owners[migration.slot] = this.shards.findIndex(({ primary }) => primary.node === migration.to)
  }

  /** Unix time, ms, as a clock that is right tells it. */
  wallNow(): Millis {
    return epoch + this.#options.clock.now()
  }

  #shardOf(slot: number): Shard {
    return this.shards[this.#owners[slot]!]!
  }

  #serve(address: string, role: VirtualNode['role']): Server {
    const { clock, engine, sha1, lagMs = 1 } = this.#options
    const node: VirtualNode = new VirtualNode({
      address,
      engine,
      sha1,
      now: () => this.wallNow() + (this.#skews.get(node) ?? 0),
      told: change => this.#told(node, change),
      cluster: { ownerOf: slot => (this.#shardOf(slot).believes(server) ? node : this.ownerOf(slot)) },
    })
    node.role = role
    node.replicate(
      () => clock.now(),
      () => (node.role === 'primary' ? lagMs : 0),
    )
    const server = new Server(node, clock)
    this.#servers.set(address, server)
    return server
  }

  #told(node: VirtualNode, change: Change) {
    if (this.#moving) return
    const { changed, lost } = this.#options
    const slot = keySlot(change.key)
    if (this.ownerOf(slot) === node || node.migrations.some(moving => moving.slot === slot && moving.to === node))
      changed?.(node, change)
    else if (node.role === 'primary' && !this.shards.some(({ primary }) => primary.node === node)) lost?.(node, change)
  }
}
