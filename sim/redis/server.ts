/** A node as a process: one command after the other, and what a signal can do to it. */
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { WorldClock } from '../clock.ts'
import { Overlap } from '../overlap.ts'
import { Connection } from './connection.ts'
import type { Link } from './link.ts'
import type { VirtualNode } from './node.ts'
import type { Reply } from './reply.ts'

/** What a command keeps the server busy for: about a lease script's time on a real one. */
const serviceMs = 0.02

export class Server {
  readonly node: VirtualNode
  /** The world's: its own never stops. */
  readonly clock: WorldClock
  /** Commands that found it frozen, so far. */
  unanswered = 0
  #dead = false
  readonly #frozen = new Overlap(() => this.#thaw())
  #freeAt: Millis = 0
  /** What arrived while it was frozen, in the buffers of its sockets. */
  #waiting: (() => void)[] = []
  readonly #connections = new Set<Connection>()
  #sweeping = false

  constructor(node: VirtualNode, clock: WorldClock) {
    this.node = node
    this.clock = clock
  }

  get state(): 'up' | 'frozen' | 'dead' {
    return this.#dead ? 'dead' : this.#frozen.on ? 'frozen' : 'up'
  }

  /** SIGSTOP: whatever arrives waits. Answers SIGCONT, which executes it, even of clients that have left. */
  freeze(): () => void {
    return this.#dead ? () => {} : this.#frozen.begin()
  }

  /** SIGKILL: every connection breaks, what waited is gone. */
  kill(): void {
    this.#dead = true
    this.#frozen.forget()
    this.#waiting = []
    this.dropConnections()
  }

  /** A new process at the same address, with nothing in it. */
  restart(): void {
    this.#dead = false
    this.#freeAt = this.clock.now()
    this.node.restart()
  }

  /** Cuts every client's connection, as `CLIENT KILL TYPE normal` does; answers how many. */
  dropConnections(): number {
    const open = [...this.#connections]
    for (const connection of open) connection.drop()
    return open.length
  }

  /** Undefined when nobody listens, or the way is cut. `clock` and `silenceMs`: see `Ends`. */
  connect(link: Link, clock: Clock, silenceMs: Millis): Connection | undefined {
    if (this.#dead) return undefined
    const connection = new Connection({ server: this, link, clock, silenceMs })
    if (!link.connect(connection)) return undefined
    this.#connections.add(connection)
    return connection
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** Executes when it can, and answers with the reply and how long from now until it leaves. */
  receive(args: readonly string[], asking: boolean, answer: (reply: Reply, leavesInMs: Millis) => void): void {
    const execute = () => {
      const now = this.clock.now()
      this.#freeAt = Math.max(this.#freeAt, now) + serviceMs
      const reply = this.node.execute(args, asking)
      if (!this.#sweeping && this.node.keyspace.expiring) this.#sweepLater()
      answer(reply, this.#freeAt - now)
    }
    if (this.state === 'up') execute()
    else if (this.state === 'frozen') {
      this.unanswered++
      this.#waiting.push(execute)
    }
  }

  #thaw() {
    for (const execute of this.#waiting.splice(0)) execute()
  }

  /** Redis deletes expired keys by itself: at least ten times a second it looks. */
  #sweepLater() {
    this.#sweeping = true
    this.clock.silently(100, () => {
      this.#sweeping = false
      if (this.state === 'up') this.node.keyspace.sweep()
      if (this.node.keyspace.expiring && !this.#dead) this.#sweepLater()
    })
  }
}
