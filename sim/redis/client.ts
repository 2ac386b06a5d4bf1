/**
 * A client as ioredis is to Redis Cluster (measured on 6.0): it follows redirections on one budget, sends again what a broken
 * connection left unanswered, and gives up on a command without taking it back.
 */
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Script, Store } from '../../proxy/tracker/tracker.ts'
import { fromBytes, toBytes } from './bytes.ts'
import type { VirtualCluster } from './cluster.ts'
import { type Connection, closed } from './connection.ts'
import type { Link } from './link.ts'
import { keySlot } from './node.ts'
import { isError, type Reply } from './reply.ts'
import type { ScriptText } from './script.ts'
import type { Server } from './server.ts'

export interface ClientOptions {
  /** The way things happen in the client's process. */
  clock: Clock
  cluster: VirtualCluster
  /** The way to the machine at this address. */
  linkTo(address: string): Link
  textOf(script: Script): ScriptText
}

/** As in `proxy/node/redis.ts`, and ioredis's own defaults. */
const settings = {
  commandTimeoutMs: 1_000,
  socketTimeoutMs: 500,
  slotsRefreshMs: 2_000,
  maxRedirections: 100,
  retryDelayMs: 100,
}

/** An error of Redis: the message is Redis's own. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

/** One call of a script, until it is answered or given up. */
class Command {
  readonly script: ScriptText
  /** As it goes to a server that knows the script. */
  readonly words: readonly string[]
  readonly slot: number
  redirectionsLeft = settings.maxRedirections
  settled = false
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: Error) => void
  readonly #cancel: () => void

  constructor(
    script: ScriptText,
    keys: readonly string[],
    args: readonly (string | number)[],
    clock: Clock,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.script = script
    const words = ['EVALSHA', script.sha, String(keys.length)]
    for (const key of keys) words.push(toBytes(key))
    for (const arg of args) words.push(typeof arg === 'number' ? String(arg) : toBytes(arg))
    this.words = words
    this.slot = keySlot(keys[0]!)
    this.#resolve = resolve
    this.#reject = reject
    this.#cancel = clock.after(settings.commandTimeoutMs, () => this.reject(new Error('Command timed out')))
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value)
  }

  reject(error: Error): void {
    if (this.#settle()) this.#reject(error)
  }

  #settle(): boolean {
    if (this.settled) return false
    this.#cancel()
    return (this.settled = true)
  }
}

export class VirtualClient implements Store {
  readonly #options: ClientOptions
  readonly #connections = new Map<string, Connection>()
  /** Slots that a MOVED told of since the last refresh. */
  readonly #moved = new Map<number, string>()
  #slots: (slot: number) => string
  #refreshedAt = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.#slots = this.#snapshot()
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const { clock, textOf } = this.#options
    return new Promise((resolve, reject) => {
      const command = new Command(textOf(script), keys, args, clock, resolve, reject)
      this.#send(command, this.#addressOf(command.slot), false)
    })
  }

  /** Its process is gone. */
  close(): void {
    for (const connection of this.#connections.values()) if (connection.open) connection.leave()
  }

  #send(command: Command, address: string, asking: boolean) {
    const connection = this.#connectionTo(address)
    if (!connection) return this.#again(command, closed)
    const { sha } = command.script
    const whole = !connection.sent.has(sha)
    if (whole) connection.sent.add(sha)
    this.#deliver(command, connection, whole, asking)
  }

  #deliver(command: Command, connection: Connection, whole: boolean, asking: boolean) {
    const { words, script } = command
    connection.send(whole ? ['EVAL', script.text, ...words.slice(2)] : words, asking, {
      answer: reply => this.#answer(command, connection, reply, asking),
      broken: because => this.#again(command, because),
    })
  }

  #answer(command: Command, connection: Connection, reply: Reply, asking: boolean) {
    if (command.settled) return
    if (!(typeof reply === 'object' && reply !== null && isError(reply))) return command.resolve(plainValue(reply))
    const [kind, slot, address] = reply.err.split(' ')
    switch (kind) {
      case 'NOSCRIPT':
        return this.#deliver(command, connection, true, asking)
      case 'MOVED':
        this.#moved.set(Number(slot), address!)
        return this.#redirect(command, reply.err, 0, () => this.#send(command, address!, false))
      case 'ASK':
        return this.#redirect(command, reply.err, 0, () => this.#send(command, address!, true))
      case 'TRYAGAIN':
        return this.#redirect(command, reply.err, settings.retryDelayMs, () => this.#resend(command))
      case 'CLUSTERDOWN':
        return this.#redirect(command, reply.err, settings.retryDelayMs, () => {
          this.#refresh()
          this.#resend(command)
        })
    }
    command.reject(new ReplyError(reply.err))
  }

  /** After a broken connection: sent again, whether or not it was executed. */
  #again(command: Command, because: string) {
    this.#redirect(command, because, settings.retryDelayMs, () => {
      this.#refresh()
      this.#resend(command)
    })
  }

  #resend(command: Command) {
    this.#send(command, this.#addressOf(command.slot), false)
  }

  #redirect(command: Command, because: string, afterMs: Millis, go: () => void) {
    if (command.redirectionsLeft-- <= 0)
      return command.reject(new Error(`Too many Cluster redirections. Last error: ReplyError: ${because}`))
    if (afterMs === 0) go()
    else this.#options.clock.after(afterMs, () => !command.settled && go())
  }

  #addressOf(slot: number): string {
    if (this.#options.clock.now() - this.#refreshedAt >= settings.slotsRefreshMs) this.#refresh()
    return this.#moved.get(slot) ?? this.#slots(slot)
  }

  #refresh() {
    this.#refreshedAt = this.#options.clock.now()
    this.#moved.clear()
    this.#slots = this.#snapshot()
  }

  /** The map of slots as it is now, and stays until the next refresh. */
  #snapshot(): (slot: number) => string {
    return this.#options.cluster.addresses()
  }

  #connectionTo(address: string): Connection | undefined {
    const open = this.#connections.get(address)
    if (open?.open) return open
    const { clock, cluster, linkTo } = this.#options
    const server: Server | undefined = cluster.at(address)
    const connection = server?.connect(linkTo(address), clock, settings.socketTimeoutMs)
    if (!connection) return undefined
    this.#connections.set(address, connection)
    return connection
  }
}

/** A reply as ioredis gives it. */
export const plainValue = (reply: Reply): unknown =>
  typeof reply === 'string'
    ? fromBytes(reply)
    : Array.isArray(reply)
      ? reply.map(plainValue)
      : typeof reply === 'object' && reply !== null && 'ok' in reply
        ? reply.ok
        : reply
