/** A node as a process: one command after the other, connections, and what a signal can do to it. */
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Link } from './link.ts'
import type { VirtualNode } from './node.ts'
import type { Reply } from './reply.ts'

/** What a command keeps the server busy for: about a lease script's time on a real one. */
const serviceMs = 0.02

export class Server {
  readonly node: VirtualNode
  readonly #clock: Clock
  #state: 'up' | 'frozen' | 'dead' = 'up'
  #freeAt: Millis = 0
  /** What arrived while it was frozen, in the buffers of its sockets. */
  #waiting: (() => void)[] = []
  readonly #connections = new Set<Connection>()
  #sweeping = false

  constructor(node: VirtualNode, clock: Clock) {
    this.node = node
    this.#clock = clock
  }

  get state(): 'up' | 'frozen' | 'dead' {
    return this.#state
  }

  /** SIGSTOP: whatever arrives waits. */
  freeze(): void {
    if (this.#state === 'up') this.#state = 'frozen'
  }

  /** SIGCONT: executes what has waited, even of clients that have left. */
  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'up'
    for (const execute of this.#waiting.splice(0)) execute()
  }

  /** SIGKILL: every connection breaks, what waited is gone. */
  kill(): void {
    this.#state = 'dead'
    this.#waiting = []
    for (const connection of [...this.#connections]) connection.break('Connection is closed.')
  }

  /** A new process at the same address. */
  restart(): void {
    this.#state = 'up'
    this.#freeAt = this.#clock.now()
  }

  /** Cuts every client's connection, as `CLIENT KILL TYPE normal` does; answers how many. */
  dropConnections(): number {
    const open = [...this.#connections]
    for (const connection of open) connection.break('Connection is closed.')
    return open.length
  }

  /** Undefined when nobody listens. `silenceMs`: how long the client waits for any sign of life before it breaks the connection. */
  connect(link: Link, clock: Clock, silenceMs: Millis): Connection | undefined {
    if (this.#state === 'dead') return undefined
    const connection: Connection = new Connection(this, link, clock, silenceMs, () =>
      this.#connections.delete(connection),
    )
    this.#connections.add(connection)
    return connection
  }

  /** Executes when it can, and answers with the reply and how long from now until it leaves. */
  receive(args: readonly string[], asking: boolean, answer: (reply: Reply, leavesInMs: Millis) => void): void {
    const execute = () => {
      const now = this.#clock.now()
      this.#freeAt = Math.max(this.#freeAt, now) + serviceMs
      const reply = this.node.execute(args, asking)
      if (!this.#sweeping && this.node.keyspace.expiring) this.#sweepLater()
      answer(reply, this.#freeAt - now)
    }
    if (this.#state === 'up') execute()
    else if (this.#state === 'frozen') this.#waiting.push(execute)
  }

  /** Redis deletes expired keys by itself: at least ten times a second it looks. */
  #sweepLater() {
    this.#sweeping = true
    this.#clock.after(100, () => {
      this.#sweeping = false
      if (this.#state === 'up') this.node.keyspace.sweep()
      if (this.node.keyspace.expiring && this.#state !== 'dead') this.#sweepLater()
    })
  }
}

interface Pending {
  answer(reply: Reply): void
  broken(because: string): void
}

/** One client's connection to one server: in order both ways. */
export class Connection {
  readonly #server: Server
  readonly #link: Link
  readonly #clock: Clock
  readonly #silenceMs: Millis
  readonly #closed: () => void
  readonly #pending = new Set<Pending>()
  #open = true
  #watched = false
  #lastArrival: Millis = 0
  #lastReply: Millis = 0
  /** When something last came back, or was first waited for. */
  #heardAt: Millis = 0
  /** Scripts that this connection has sent whole. */
  readonly sent = new Set<string>()

  constructor(server: Server, link: Link, clock: Clock, silenceMs: Millis, closed: () => void) {
    this.#server = server
    this.#link = link
    this.#clock = clock
    this.#silenceMs = silenceMs
    this.#closed = closed
  }

  get open(): boolean {
    return this.#open
  }

  send(args: readonly string[], asking: boolean, pending: Pending): void {
    const clock = this.#clock
    if (this.#pending.size === 0) this.#heardAt = clock.now()
    this.#pending.add(pending)
    this.#watch()
    if (this.#link.silent) return
    const arrival = Math.max(this.#lastArrival, clock.now() + this.#link.delay())
    this.#lastArrival = arrival
    clock.after(arrival - clock.now(), () =>
      this.#server.receive(args, asking, (reply, leavesInMs) => this.#reply(reply, leavesInMs, pending)),
    )
  }

  /** Whoever waits is told; commands that have arrived are executed all the same. */
  break(because: string): void {
    if (!this.#open) return
    this.#open = false
    this.#closed()
    for (const pending of [...this.#pending]) pending.broken(because)
    this.#pending.clear()
  }

  /** One timer a connection, set again while somebody waits. */
  #watch() {
    if (this.#watched) return
    this.#watched = true
    const heard = Math.max(this.#heardAt, this.#clock.now() - this.#silenceMs)
    this.#clock.after(heard + this.#silenceMs - this.#clock.now(), () => {
      this.#watched = false
      if (!this.#open || this.#pending.size === 0) return
      if (this.#clock.now() - this.#heardAt < this.#silenceMs) return this.#watch()
      this.break(`Socket timeout. Expecting data, but didn't receive any in ${this.#silenceMs}ms.`)
    })
  }

  #reply(reply: Reply, leavesInMs: Millis, pending: Pending) {
    const clock = this.#clock
    if (!this.#open || this.#link.silent) return
    const arrival = Math.max(this.#lastReply, clock.now() + leavesInMs + this.#link.delay())
    this.#lastReply = arrival
    clock.after(arrival - clock.now(), () => {
      if (!this.#pending.delete(pending)) return
      this.#heardAt = clock.now()
      pending.answer(reply)
    })
  }
}
