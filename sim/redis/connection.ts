/** One client's connection to one server: in order both ways, and what either side hears of the other's end. */
import type { Clock, Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Link } from './link.ts'
import type { Reply } from './reply.ts'
import type { Server } from './server.ts'

interface Pending {
  answer(reply: Reply): void
  broken(because: string): void
}

export interface Ends {
  server: Server
  link: Link
  /** Of the client's process, whose timers and arrivals wait while it is stopped. */
  clock: Clock
  /** How long the client waits for any sign of life before it breaks the connection. */
  silenceMs: Millis
}

export const closed = 'Connection is closed.'

export class Connection {
  readonly #server: Server
  readonly #link: Link
  readonly #clock: Clock
  readonly #silenceMs: Millis
  #pending = new ShortLived<Pending, true>()
  /** In the client's eyes. */
  #open = true
  /** In the server's: what arrives later is nobody's. */
  #served = true
  #watched = false
  #lastArrival: Millis = 0
  #lastReply: Millis = 0
  /** When something last came back, or was first waited for. */
  #heardAt: Millis = 0
  /** Scripts that this connection has sent whole. */
  readonly sent = new Set<string>()

  constructor({ server, link, clock, silenceMs }: Ends) {
    this.#server = server
    this.#link = link
    this.#clock = clock
    this.#silenceMs = silenceMs
  }

  get open(): boolean {
    return this.#open
  }

  send(args: readonly string[], asking: boolean, pending: Pending): void {
    if (this.#pending.size === 0) this.#heardAt = this.#clock.now()
    this.#pending.set(pending, true)
    this.#watch()
    this.#there(() => {
      if (this.#served)
        this.#server.receive(args, asking, (reply, leavesInMs) => this.#reply(reply, leavesInMs, pending))
    })
  }

  /** The server resets it: what is still on its way is lost, either way, and the client hears of it a moment later. */
  drop(): void {
    if (!this.#served) return
    this.#forget()
    this.#back(0, () => this.#end(closed))
  }

  /** The way between them is cut: both know. */
  sever(): void {
    this.#forget()
    this.#clock.after(0, () => this.#end(closed))
  }

  /** The client closes it, or is gone: what it has sent is executed all the same. */
  leave(): void {
    this.#open = false
    this.#pending = new ShortLived()
    this.#link.disconnect(this)
    this.#there(() => this.#forget())
  }

  /** Whoever waits is told. */
  #end(because: string) {
    if (!this.#open) return
    const pending = [...this.#pending.keys()]
    this.leave()
    for (const { broken } of pending) broken(because)
  }

  #forget() {
    this.#served = false
    this.#link.disconnect(this)
    this.#server.forget(this)
  }

  /** One timer a connection, set again while somebody waits. */
  #watch() {
    if (this.#watched) return
    this.#watched = true
    const heard = Math.max(this.#heardAt, this.#clock.now() - this.#silenceMs)
    this.#clock.after(heard + this.#silenceMs - this.#clock.now(), () => {
      this.#watched = false
      if (!this.#open || this.#pending.size === 0) return
      // Instants are whole microseconds, their differences nearly.
      if (this.#clock.now() - this.#heardAt < this.#silenceMs - 0.0005) return this.#watch()
      this.#end(`Socket timeout. Expecting data, but didn't receive any in ${this.#silenceMs}ms.`)
    })
  }

  #reply(reply: Reply, leavesInMs: Millis, pending: Pending) {
    if (!this.#served) return
    this.#back(leavesInMs, () => {
      if (!this.#served || !this.#pending.delete(pending)) return
      this.#heardAt = this.#clock.now()
      pending.answer(reply)
    })
  }

  #there(arrive: () => void) {
    if (this.#link.silent) return this.#link.hold(() => this.#there(arrive))
    const { clock } = this.#server
    this.#lastArrival = Math.max(this.#lastArrival, clock.now() + this.#link.delay())
    clock.silently(this.#lastArrival - clock.now(), arrive)
  }

  #back(leavesInMs: Millis, arrive: () => void) {
    if (this.#link.silent) return this.#link.hold(() => this.#back(0, arrive))
    const { clock } = this.#server
    this.#lastReply = Math.max(this.#lastReply, clock.now() + leavesInMs + this.#link.delay())
    this.#clock.after(this.#lastReply - clock.now(), arrive)
  }
}
