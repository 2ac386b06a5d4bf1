/** A Redis Cluster in memory: shards of a primary and a replica, slots, failovers and migrations. */
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Change } from './keyspace.ts'
import type { LuaEngine } from './lua/engine.ts'
import { keySlot, type Migration, VirtualNode } from './node.ts'
import { Server } from './server.ts'

const slotCount = 16_384

export interface ClusterOptions {
  clock: Clock
  engine: LuaEngine
  sha1(text: string): string
  shards?: number
  /** How far a replica is behind its primary. */
  lagMs?: Millis
  /** After so long without a sign of life a primary is replaced by its replica. */
  nodeTimeoutMs?: Millis
  /** Told of every change at the node that owns its slot, as it is made. */
  changed?(node: VirtualNode, change: Change): void
  /** Told of every change that was made, perhaps acknowledged, and lost; newest first. */
  lost?(node: VirtualNode, change: Change): void
}

/** Unix time, ms, at the start of virtual time: any plausible date. */
const epoch = Date.UTC(2026, 0, 1)

export interface Shard {
  primary: Server
  replica: Server
}

export class VirtualCluster {
  readonly shards: Shard[]
  readonly #options: ClusterOptions
  /** By slot. */
  readonly #owners: Uint8Array
  readonly #servers = new Map<string, Server>()
  /** Milliseconds by which a node's clock is wrong. */
  readonly #skews = new Map<VirtualNode, Millis>()
  /** What clients are told; made anew when it has changed. */
  #seen: { owners: Uint8Array; primaries: string[] } | undefined

  constructor(options: ClusterOptions) {
    this.#options = options
    const { shards = 3 } = options
    this.#owners = Uint8Array.from({ length: slotCount }, (_, slot) => Math.floor((slot * shards) / slotCount))
    this.shards = Array.from({ length: shards }, (_, n) => ({
      primary: this.#serve(`10.0.0.${n + 1}:6379`, 'primary'),
      replica: this.#serve(`10.0.1.${n + 1}:6379`, 'replica'),
    }))
  }

  ownerOf(slot: number): VirtualNode {
    return this.shards[this.#owners[slot]!]!.primary.node
  }

  shardOf(key: string): Shard {
    return this.shards[this.#owners[keySlot(key)]!]!
  }

  /** The server at an address of the cluster. */
  at(address: string): Server | undefined {
    return this.#servers.get(address)
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

  /** SIGKILL. Its replica takes over after the node time-out. Answers the restart: an empty process, which follows if it was replaced. */
  kill(server: Server): () => void {
    server.kill()
    this.#replaceLater(server, () => server.state === 'dead')
    return () => {
      if (server.state !== 'dead') return
      server.restart()
      server.node.keyspace.clear()
      this.#demoteIfReplaced(server)
    }
  }

  /** SIGSTOP. Past the node time-out its replica takes over. Answers SIGCONT. */
  freeze(server: Server): () => void {
    server.freeze()
    this.#replaceLater(server, () => server.state === 'frozen')
    return () => {
      // What waited is executed before the node hears that it was replaced.
      server.thaw()
      this.#demoteIfReplaced(server)
    }
  }

  /** The replica takes over. `lossless`: it first gets everything, as in a `CLUSTER FAILOVER`. */
  failOver(shard: Shard, lossless: boolean): void {
    const { primary, replica } = shard
    if (replica.state !== 'up') return
    const now = () => this.#timeAt(replica.node)
    const all = () => ({ keyspace: primary.node.keyspace.copy(now, replica.node.tell), lost: [] })
    const { keyspace, lost } = lossless ? all() : primary.node.replicated(now, replica.node.tell)
    replica.node.adopt(keyspace)
    for (const change of lost.toReversed()) this.#options.lost?.(replica.node, change)
    this.#seen = undefined
    shard.primary = replica
    shard.replica = primary
    replica.node.role = 'primary'
    if (primary.state === 'up') this.#demoteIfReplaced(primary)
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

  /** `MIGRATE` of one key. */
  migrateKey({ from, to }: Migration, key: string): void {
    const value = from.keyspace.get(key)
    if (!value) return
    const expiry = from.keyspace.expiryOf(key)
    to.keyspace.put(key, value)
    if (expiry !== undefined) to.keyspace.expireAt(key, expiry)
    from.keyspace.delete(key)
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

  #timeAt(node: VirtualNode): Millis {
    return this.wallNow() + (this.#skews.get(node) ?? 0)
  }

  #serve(address: string, role: VirtualNode['role']): Server {
    const { clock, engine, sha1, lagMs = 1 } = this.#options
    const node: VirtualNode = new VirtualNode({
      address,
      engine,
      sha1,
      now: () => this.#timeAt(node),
      told: change => this.#told(node, change),
      cluster: this,
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
    const { changed = () => {}, lost = () => {} } = this.#options
    const slot = keySlot(change.key)
    if (this.ownerOf(slot) === node || node.migrations.some(({ to }) => to === node)) changed(node, change)
    // A primary that was replaced while it was frozen still believes that it is one.
    else if (node.role === 'primary' && !node.migrations.length) lost(node, change)
  }

  #replaceLater(server: Server, stillGone: () => boolean) {
    const { clock, nodeTimeoutMs = 1_000 } = this.#options
    clock.after(nodeTimeoutMs + electionMs, () => {
      const shard = this.shards.find(({ primary }) => primary === server)
      if (shard && stillGone()) this.failOver(shard, false)
    })
  }

  #demoteIfReplaced(server: Server) {
    const shard = this.shards.find(({ replica }) => replica === server)
    if (!shard) return
    server.node.role = 'replica'
    server.node.adopt(
      shard.primary.node.keyspace.copy(
        () => this.#timeAt(server.node),
        () => {},
      ),
    )
  }
}

/** From the end of the node time-out to a new primary, as measured on local processes. */
const electionMs = 1_300
