/** A primary and its replica: who is which, how far the one is behind the other, and who takes over when the primary is gone. */
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Server } from './server.ts'

export interface ShardOptions {
  clock: Clock
  /** After so long without a sign of life a primary is replaced by its replica. */
  nodeTimeoutMs: Millis
  /** Whether enough primaries are left to elect one. */
  hasMajority(): boolean
  /** Told when another node serves, or the same one without what it had. */
  changedHands(): void
}

/** From the end of the node time-out to a new primary, as measured on local processes. */
const electionMs = 1_300

export class Shard {
  primary: Server
  replica: Server
  readonly #options: ShardOptions
  /** The replica hears of every change, a lag later. While it does, its own keyspace is not looked at. */
  #follows = true
  /** A replica that has never heard from its primary is no candidate. */
  #blank = false
  #looks = 0

  constructor(primary: Server, replica: Server, options: ShardOptions) {
    this.primary = primary
    this.replica = replica
    this.#options = options
  }

  has(server: Server): boolean {
    return server === this.primary || server === this.replica
  }

  /** A primary that serves, with a replica in step. */
  get whole(): boolean {
    return this.primary.state === 'up' && this.#follows
  }

  /** Its replica can take the primary's place, by order or by vote. */
  get hasHeir(): boolean {
    return this.replica.state === 'up' && !this.#blank
  }

  /** A primary that was replaced while it was stopped, and has not heard of it yet, believes in itself. */
  believes(server: Server): boolean {
    return server === this.primary || (server === this.replica && server.node.role === 'primary')
  }

  /** SIGSTOP. Answers SIGCONT: what waited is executed before the node hears that it was replaced. */
  freeze(server: Server): () => void {
    this.#parts()
    const thaw = server.freeze()
    this.#look()
    return () => {
      thaw()
      this.#look()
    }
  }

  /** SIGKILL. */
  kill(server: Server): void {
    this.#parts()
    server.kill()
    this.#look()
  }

  /**
   * An empty process in the place of a dead one, which follows; resolves when it does, or when there is nobody to follow. A primary's return
   * waits until its replica has taken over, by order where there is nobody to elect it: before that it would wipe both.
   */
  async restart(server: Server): Promise<void> {
    const { clock, hasMajority, changedHands } = this.#options
    const awaitsHeir = () => server === this.primary && server.state === 'dead' && this.hasHeir
    while (awaitsHeir() && hasMajority()) await clock.sleep(10)
    if (awaitsHeir()) this.#swap()
    if (server.state !== 'dead') return
    server.restart()
    if (server === this.replica) this.#blank = true
    else changedHands()
    this.#look()
  }

  /** A graceful fail-over, `CLUSTER FAILOVER`: nothing is lost. Answers whether it could be. */
  failOver(): boolean {
    if (!this.whole) return false
    this.replica.node.adopt(this.primary.node, true)
    this.#follows = false
    this.#swap()
    return true
  }

  /** Before one of the two stops: from here on the replica is where it is. */
  #parts() {
    if (!this.#follows) return
    this.replica.node.adopt(this.primary.node, false)
    this.#follows = false
  }

  /** After whatever happened to one of the two. */
  #look() {
    const look = ++this.#looks
    if (this.primary.state !== 'up') return this.#electLater(look)
    if (this.replica.state !== 'up' || this.#follows) return
    this.#follows = true
    this.#blank = false
    const { node } = this.replica
    node.role = 'replica'
    node.migrations = []
    node.clear()
  }

  #electLater(look: number) {
    const { clock, nodeTimeoutMs, hasMajority } = this.#options
    clock.after(nodeTimeoutMs + electionMs, () => {
      if (look !== this.#looks || !this.hasHeir) return
      if (hasMajority()) this.#swap()
      else this.#electLater(look)
    })
  }

  #swap() {
    const { primary, replica } = this
    this.primary = replica
    this.replica = primary
    replica.node.role = 'primary'
    // A slot on its way stays on its way: the replica has been told (as since Valkey 8).
    for (const migration of primary.node.migrations) {
      if (migration.from === primary.node) migration.from = replica.node
      if (migration.to === primary.node) migration.to = replica.node
    }
    replica.node.migrations = primary.node.migrations
    primary.node.migrations = []
    this.#options.changedHands()
    this.#look()
  }
}
