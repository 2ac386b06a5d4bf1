/** One Redis server in memory: commands, scripts, its slots' redirections, and its replica's distance behind it. */
import clusterKeySlot from 'cluster-key-slot'
import type { Millis } from '../../proxy/ports.ts'
import { type Command, commandOf, keysOf, unknownCommand, wrongArity } from './commands.ts'
import { type Change, Keyspace } from './keyspace.ts'
import type { CompiledScript, LuaEngine } from './lua/engine.ts'
import { parseInteger } from './numbers.ts'
import { RedisError, type Reply } from './reply.ts'

/** What a node knows of the cluster it is in. */
export interface ClusterView {
  /** The node that serves this slot; undefined where the cluster does not. */
  ownerOf(slot: number): VirtualNode | undefined
}

/** Slots on their way from or to another node: `CLUSTER SETSLOT … MIGRATING | IMPORTING`. */
export interface Migration {
  slot: number
  from: VirtualNode
  to: VirtualNode
}

export interface NodeOptions {
  /** `host:port`, as it stands in redirections. */
  address: string
  engine: LuaEngine
  /** SHA-1 of a byte string, lower-case hexadecimal. */
  sha1(text: string): string
  /** This node's clock: Unix time in ms. */
  now(): Millis
  /** Told of every change of the keyspace, as it is made. */
  told?(change: Change): void
  /** Undefined: a single server, which serves every slot. */
  cluster?: ClusterView
}

interface LoadedScript {
  compiled: CompiledScript
  /** The shebang line; undefined without one: such a script has every right. */
  flags: string | undefined
}

/** A change that its replicas do not have yet. */
interface Unreplicated {
  change: Change
  /** When they will, on the node's clock without skew. */
  at: Millis
}

const outOfMemory = "command not allowed when used memory > 'maxmemory'."

export class VirtualNode {
  readonly address: string
  keyspace: Keyspace
  /** `replica`: redirects everything. */
  role: 'primary' | 'replica' = 'primary'
  /** The memory is full: what may grow is refused. */
  full = false
  /** A script runs too long: everything is refused. */
  busy = false
  /** The cluster is down in this node's eyes. */
  down = false
  migrations: Migration[] = []
  readonly #options: NodeOptions
  readonly #scripts = new Map<string, LoadedScript>()
  readonly #counts = new Map<string, number>()
  /** In order of time. */
  #tail: Unreplicated[] = []
  #lagMs = () => 0
  #tailNow = () => 0

  constructor(options: NodeOptions) {
    this.#options = options
    this.address = options.address
    this.keyspace = new Keyspace(options.now, change => this.#told(change))
  }

  /** From now on changes reach the replicas after a lag; `now` is the time that the lag is counted in. */
  replicate(now: () => Millis, lagMs: () => Millis): void {
    this.#tailNow = now
    this.#lagMs = lagMs
  }

  /** How often each command was called, by clients, and each error answered, as `INFO commandstats` and `errorstats` count. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** Executes one command at this instant. `asking`: an ASKING came just before it. Errors are error replies. */
  execute(args: readonly string[], asking = false): Reply {
    try {
      return this.#execute(args, asking)
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      return this.#counted({ err: error.message })
    }
  }

  /** A keyspace as the replicas have it now: this one, less what has not reached them; and what that is, oldest first. */
  replicated(now: () => Millis, told: (change: Change) => void): { keyspace: Keyspace; lost: Change[] } {
    this.#prune()
    let deaf = true
    const keyspace = this.keyspace.copy(now, change => deaf || told(change))
    for (const { change } of [...this.#tail].reverse()) change.undo(keyspace)
    deaf = false
    return { keyspace, lost: this.#tail.map(({ change }) => change) }
  }

  /** Takes another node's place, or follows it: its keyspace becomes this one's. */
  adopt(keyspace: Keyspace): void {
    this.keyspace = keyspace
    this.#tail = []
  }

  /** For a keyspace that this node adopts. */
  readonly tell = (change: Change): void => this.#told(change)

  #told(change: Change) {
    this.#options.told?.(change)
    const lag = this.#lagMs()
    if (lag <= 0) return
    this.#tail.push({ change, at: this.#tailNow() + lag })
    if (this.#tail.length > 64) this.#prune()
  }

  #prune() {
    const now = this.#tailNow()
    const first = this.#tail.findIndex(({ at }) => at > now)
    this.#tail = first < 0 ? [] : this.#tail.slice(first)
  }

  #execute(args: readonly string[], asking: boolean): Reply {
    const name = args[0]!.toUpperCase()
    if (this.busy && name !== 'SCRIPT')
      throw new RedisError('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
    if (name === 'EVAL' || name === 'EVALSHA') return this.#eval(name, args, asking)
    if (name === 'SCRIPT') return this.#script(args)
    const command = commandOf(args)
    this.#route(keysOf(command, args), asking)
    if (this.full && command.grows) throw new RedisError(`OOM ${outOfMemory}`)
    if (command.writes) this.#mustBePrimary()
    this.#count(name)
    return command.run(args, { keyspace: this.keyspace, now: this.#options.now })
  }

  #eval(name: 'EVAL' | 'EVALSHA', args: readonly string[], asking: boolean): Reply {
    if (args.length < 3) throw wrongArity(name)
    const count = parseInteger(args[2]!)
    if (count > args.length - 3) throw new RedisError("ERR Number of keys can't be greater than number of args")
    if (count < 0) throw new RedisError("ERR Number of keys can't be negative")
    const keys = args.slice(3, 3 + count)
    this.#route(keys, asking)
    this.#count(name)
    const script = name === 'EVAL' ? this.#load(args[1]!) : this.#scripts.get(args[1]!.toLowerCase())
    if (!script) throw new RedisError('NOSCRIPT No matching script. Please use EVAL.')
    const { compiled, flags } = script
    if (this.full && flags && !flags.includes('allow-oom'))
      throw new RedisError("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
    const { engine, now, cluster } = this.#options
    const refuses = this.full && !flags
    // Inside a script time stands still.
    const startedAt = now()
    const context = { keyspace: this.keyspace, now: () => startedAt }
    const reply = engine.run(compiled, keys, args.slice(3 + count), call => {
      const command = scriptCommand(call)
      // The declared keys have been routed already.
      if (cluster && !(command.keys[1] === 1 && keys.includes(call[1]!))) this.#local(keysOf(command, call))
      if (refuses && command.grows) throw new RedisError(`OOM ${outOfMemory}`)
      return command.run(call, context)
    })
    return this.#counted(reply)
  }

  #load(text: string): LoadedScript {
    const sha = this.#options.sha1(text)
    let script = this.#scripts.get(sha)
    if (!script) {
      script = { compiled: this.#options.engine.compile(text, sha), flags: flagsOf(text) }
      this.#scripts.set(sha, script)
    }
    return script
  }

  #script(args: readonly string[]): Reply {
    switch (args[1]?.toUpperCase()) {
      case 'LOAD':
        return this.#load(args[2]!).compiled.sha
      case 'EXISTS':
        return args.slice(2).map(sha => (this.#scripts.has(sha.toLowerCase()) ? 1 : 0))
      case 'FLUSH':
        this.#scripts.clear()
        return { ok: 'OK' }
    }
    throw unknownCommand(args)
  }

  /** Redis Cluster's answer to keys that are not here (src/cluster.c, getNodeByQuery). */
  #route(keys: readonly string[], asking: boolean) {
    const { cluster } = this.#options
    if (!cluster || keys.length === 0) return
    const slot = slotOf(keys)
    if (this.down) throw new RedisError('CLUSTERDOWN The cluster is down')
    const owner = cluster.ownerOf(slot)
    if (!owner) throw new RedisError('CLUSTERDOWN Hash slot not served')
    const migration = this.migrations.find(moving => moving.slot === slot)
    const missing = migration ? keys.filter(key => !this.keyspace.has(key)).length : 0
    if (migration && migration.from === this && missing > 0) {
      if (missing < keys.length) throw new RedisError('TRYAGAIN Multiple keys request during rehashing of slot')
      throw new RedisError(`ASK ${slot} ${migration.to.address}`)
    }
    if (migration && migration.to === this && asking) {
      if (keys.length > 1 && missing > 0)
        throw new RedisError('TRYAGAIN Multiple keys request during rehashing of slot')
      return
    }
    if (owner !== this || this.role === 'replica') throw new RedisError(`MOVED ${slot} ${owner.address}`)
  }

  /** A script may touch only what this node serves. */
  #local(keys: readonly string[]) {
    const { cluster } = this.#options
    if (!cluster || keys.length === 0) return
    const owner = cluster.ownerOf(slotOf(keys))
    const importing = this.migrations.some(({ to, slot }) => to === this && slot === slotOf(keys))
    if (owner !== this && !importing)
      throw new RedisError('ERR Script attempted to access a non local key in a cluster node')
  }

  #mustBePrimary() {
    if (this.role === 'replica') throw new RedisError("READONLY You can't write against a read only replica.")
  }

  #count(name: string) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  #counted(reply: Reply): Reply {
    if (typeof reply === 'object' && reply !== null && 'err' in reply)
      this.#count(`error ${reply.err.split(' ', 1)[0]}`)
    return reply
  }
}

function scriptCommand(call: readonly string[]): Command {
  try {
    return commandOf(call)
  } catch (error) {
    const unknown = (error as Error).message.startsWith('ERR unknown')
    throw new RedisError(
      unknown
        ? 'ERR Unknown Redis command called from script'
        : 'ERR Wrong number of args calling Redis command from script',
    )
  }
}

const flagsOf = (text: string): string | undefined =>
  text.startsWith('#!') ? text.slice(0, text.indexOf('\n')) : undefined

/** The slot that all keys share; throws CROSSSLOT when they do not. */
function slotOf(keys: readonly string[]): number {
  const slot = keySlot(keys[0]!)
  for (let n = 1; n < keys.length; n++)
    if (keySlot(keys[n]!) !== slot) throw new RedisError("CROSSSLOT Keys in request don't hash to the same slot")
  return slot
}

const slots = new Map<string, number>()

/** CRC16 of the hash tag, modulo 16,384 (redis.io/docs/reference/cluster-spec). The few keys there are come again and again. */
export function keySlot(key: string): number {
  let slot = slots.get(key)
  if (slot === undefined) {
    slot = clusterKeySlot(key)
    if (slots.size > 100_000) slots.clear()
    slots.set(key, slot)
  }
  return slot
}
