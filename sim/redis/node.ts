/** One Redis server in memory: commands, scripts, its slots' redirections, and its replica's distance behind it. */
import clusterKeySlot from 'cluster-key-slot'
import type { Millis } from '../../proxy/ports.ts'
import { Overlap } from '../overlap.ts'
import { type Command, commandOf, keysOf, wrongArity } from './commands.ts'
import { type Change, Keyspace } from './keyspace.ts'
import type { CompiledScript, LuaEngine } from './lua/engine.ts'
import { parseInteger } from './numbers.ts'
import { oneLine, RedisError, type Reply } from './reply.ts'
import { flagsOf, type ScriptFlag } from './shebang.ts'

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

interface LoadedScript extends Admission {
  compiled: CompiledScript
  /** Undefined without a shebang: such a script has every right. */
  flags: ReadonlySet<ScriptFlag> | undefined
}

/** What is asked of a command before it is executed. */
type Admission = Pick<Command, 'writes' | 'grows'>

/** A change that its replicas do not have yet. */
interface Unreplicated {
  change: Change
  /** When they will, on the node's clock without skew. */
  at: Millis
}

const outOfMemory = () => new RedisError("OOM command not allowed when used memory > 'maxmemory'.")
const noScript = () => new RedisError('NOSCRIPT No matching script. Please use EVAL.')
const readOnly = () => new RedisError("READONLY You can't write against a read only replica.")

const shortestTail = 64

export class VirtualNode {
  readonly address: string
  keyspace: Keyspace
  /** `replica`: redirects everything. */
  role: 'primary' | 'replica' = 'primary'
  /** A script runs too long: everything is refused. */
  busy = false
  /** The cluster is down in this node's eyes. */
  down = false
  migrations: Migration[] = []
  readonly #options: NodeOptions
  readonly #full = new Overlap()
  readonly #scripts = new Map<string, LoadedScript>()
  readonly #counts = new Map<string, number>()
  /** In order of time. */
  #tail: Unreplicated[] = []
  /** Looked through when it is so long: not at each change of many at one instant. */
  #pruneAt = shortestTail
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

  /** A copy of another node's keyspace becomes this one's. `lossless`: with all that has not reached its replicas yet. */
  adopt(other: VirtualNode, lossless: boolean): void {
    let deaf = true
    const keyspace = other.keyspace.copy(this.#options.now, change => deaf || this.#told(change))
    if (!lossless) {
      other.#prune()
      for (const { change } of other.#tail.toReversed()) change.undo(keyspace)
    }
    deaf = false
    this.keyspace = keyspace
    this.#tail = []
  }

  /** The memory is full: what may grow is refused. */
  get full(): boolean {
    return this.#full.on
  }

  /** Answers the way back. */
  fill(): () => void {
    return this.#full.begin()
  }

  /** A new process: no keys, no scripts, usual settings. What it counted is remembered, as its observer does. */
  restart(): void {
    this.clear()
    this.#scripts.clear()
    this.#full.forget()
    this.busy = false
  }

  /** Its keys are gone, and nobody is told. */
  clear(): void {
    this.keyspace = new Keyspace(this.#options.now, change => this.#told(change))
    this.#tail = []
  }

  #told(change: Change) {
    this.#options.told?.(change)
    const lag = this.#lagMs()
    if (lag <= 0) return
    this.#tail.push({ change, at: this.#tailNow() + lag })
    if (this.#tail.length > this.#pruneAt) this.#prune()
  }

  #prune() {
    const now = this.#tailNow()
    const first = this.#tail.findIndex(({ at }) => at > now)
    this.#tail = first < 0 ? [] : this.#tail.slice(first)
    this.#pruneAt = Math.max(shortestTail, 2 * this.#tail.length)
  }

  #execute(args: readonly string[], asking: boolean): Reply {
    const name = args[0]!.toUpperCase()
    if (name === 'EVAL' || name === 'EVALSHA') return this.#eval(name, args, asking)
    if (name === 'SCRIPT') return this.#script(args)
    const command = commandOf(args)
    this.#admit(command, keysOf(command, args), asking)
    this.#count(name)
    return command.run(args, { keyspace: this.keyspace, now: this.#options.now })
  }

  /** Redis's checks before a command is executed, in its order (src/server.c, processCommand). */
  #admit({ writes, grows }: Admission, keys: readonly string[], asking: boolean) {
    this.#route(keys, asking)
    if (this.full && grows && !this.busy) throw outOfMemory()
    if (writes && this.role === 'replica') throw readOnly()
    if (this.busy)
      throw new RedisError('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
  }

  #eval(name: 'EVAL' | 'EVALSHA', args: readonly string[], asking: boolean): Reply {
    if (args.length < 3) throw wrongArity(name)
    const given = args[1]!
    const known = name === 'EVAL' ? this.#scripts.get(this.#options.sha1(given)) : this.#known(given)
    const count = keyCountOf(args)
    const keys = typeof count === 'number' ? args.slice(3, 3 + count) : []
    this.#admit(known ?? (name === 'EVAL' ? admissionOf(given) : harmless), keys, asking)
    // What cannot be a hash is not looked at any further.
    if (name === 'EVALSHA' && given.length !== 40) throw noScript()
    if (typeof count !== 'number') throw count
    this.#count(name)
    const script = known ?? (name === 'EVAL' ? this.#load(given) : undefined)
    if (!script) throw noScript()
    return this.#counted(this.#run(script, keys, args.slice(3 + keys.length), asking))
  }

  #known(sha: string): LoadedScript | undefined {
    return this.#scripts.get(sha) ?? this.#scripts.get(sha.toLowerCase())
  }

  #run({ compiled, flags }: LoadedScript, keys: readonly string[], args: readonly string[], asking: boolean): Reply {
    const { engine, now, cluster } = this.#options
    if (cluster && flags?.has('no-cluster'))
      throw new RedisError("ERR Can not run script on cluster, 'no-cluster' flag is set.")
    const readsOnly = flags?.has('no-writes')
    const mayGrow = !this.full || flags?.has('allow-oom')
    // Inside a script time stands still.
    const startedAt = now()
    const context = { keyspace: this.keyspace, now: () => startedAt }
    const local = cluster && this.#localGuard(keys, flags, asking)
    let hasWritten = false
    return engine.run(compiled, keys, args, call => {
      const command = scriptCommand(call)
      if (command.writes && !hasWritten) {
        if (readsOnly) throw new RedisError('ERR Write commands are not allowed from read-only scripts.')
        if (this.role === 'replica') throw readOnly()
        if (command.grows && !mayGrow) throw outOfMemory()
        // What has begun to write cannot be stopped in the middle.
        hasWritten = true
      }
      local?.(command, call)
      return command.run(call, context)
    })
  }

  /** A script may touch only what this node serves (src/script.c, scriptVerifyClusterState). */
  #localGuard(keys: readonly string[], flags: ReadonlySet<ScriptFlag> | undefined, asking: boolean) {
    let slot = keys.length ? keySlot(keys[0]!) : undefined
    const mayCross = !flags || flags.has('allow-cross-slot-keys')
    return (command: Command, call: readonly string[]) => {
      // The declared keys have been routed already, and stay unless their slot is on its way.
      if (!this.migrations.length && command.keys[1] === 1 && keys.includes(call[1]!)) return
      const touched = keysOf(command, call)
      if (!touched.length) return
      try {
        this.#route(touched, asking)
      } catch (error) {
        throw new RedisError(
          (error as Error).message === clusterDown
            ? 'ERR Script attempted to execute a command while the cluster is down'
            : 'ERR Script attempted to access a non local key in a cluster node',
        )
      }
      slot ??= keySlot(touched[0]!)
      if (!mayCross && slot !== keySlot(touched[0]!))
        throw new RedisError('ERR Script attempted to access keys that do not hash to the same slot')
    }
  }

  #load(text: string): LoadedScript {
    const sha = this.#options.sha1(text)
    let script = this.#scripts.get(sha)
    if (!script) {
      const flags = flagsOf(text)
      script = { compiled: this.#options.engine.compile(text, sha), flags, ...admissionBy(flags) }
      this.#scripts.set(sha, script)
    }
    return script
  }

  /** LOAD, EXISTS, FLUSH and KILL. */
  #script(args: readonly string[]): Reply {
    if (args.length < 2) throw wrongArity('script')
    const [, name, ...rest] = args as [string, string, ...string[]]
    const subcommand = name.toUpperCase()
    const arity = { LOAD: rest.length === 1, EXISTS: rest.length > 0, FLUSH: true, KILL: rest.length === 0 }[subcommand]
    if (arity === undefined) throw new RedisError(oneLine(`ERR unknown subcommand '${name}'. Try SCRIPT HELP.`))
    if (!arity) throw wrongArity(`script|${name}`)
    if (subcommand === 'KILL') return this.#killScript()
    this.#admit(harmless, [], false)
    if (subcommand === 'LOAD') return this.#load(rest[0]!).compiled.sha
    if (subcommand === 'EXISTS') return rest.map(sha => (this.#known(sha) ? 1 : 0))
    if (rest.length > 1 || (rest.length === 1 && !/^(SYNC|ASYNC)$/i.test(rest[0]!)))
      throw new RedisError('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
    this.#scripts.clear()
    return { ok: 'OK' }
  }

  #killScript(): Reply {
    if (!this.busy) throw new RedisError('NOTBUSY No scripts in execution right now.')
    this.busy = false
    return { ok: 'OK' }
  }

  /** Redis Cluster's answer to keys that are not here (src/cluster.c, getNodeByQuery). */
  #route(keys: readonly string[], asking: boolean) {
    const { cluster } = this.#options
    if (!cluster || keys.length === 0) return
    const owner = cluster.ownerOf(keySlot(keys[0]!))
    if (!owner) throw new RedisError('CLUSTERDOWN Hash slot not served')
    const slot = slotOf(keys)
    if (this.down) throw new RedisError(clusterDown)
    const migration = this.migrations.find(moving => moving.slot === slot)
    const missing = migration ? keys.filter(key => !this.keyspace.has(key)).length : 0
    if (migration && migration.from === this && missing > 0) {
      if (missing < keys.length) throw tryAgain()
      throw new RedisError(`ASK ${slot} ${migration.to.address}`)
    }
    if (migration && migration.to === this && asking) {
      if (missing > 0 && keys.some(key => key !== keys[0])) throw tryAgain()
      return
    }
    if (owner !== this) throw new RedisError(`MOVED ${slot} ${owner.address}`)
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

const clusterDown = 'CLUSTERDOWN The cluster is down'
const tryAgain = () => new RedisError('TRYAGAIN Multiple keys request during rehashing of slot')

/** Of a script that Redis knows nothing of yet, and of every other command that neither writes nor grows. */
const harmless: Admission = { writes: false, grows: false }

/** A shebang without `no-writes` may write, and without `allow-oom` it may then fill the memory. */
const admissionBy = (flags: ReadonlySet<ScriptFlag> | undefined): Admission =>
  !flags || flags.has('no-writes') ? harmless : { writes: true, grows: !flags.has('allow-oom') }

function admissionOf(text: string): Admission {
  try {
    return admissionBy(flagsOf(text))
  } catch {
    return harmless
  }
}

/** How many keys the caller of a script declares, or what is wrong with that number. */
function keyCountOf(args: readonly string[]): number | RedisError {
  try {
    const count = parseInteger(args[2]!)
    if (count > args.length - 3) return new RedisError("ERR Number of keys can't be greater than number of args")
    return count < 0 ? new RedisError("ERR Number of keys can't be negative") : count
  } catch (error) {
    return error as RedisError
  }
}

function scriptCommand(call: readonly string[]): Command {
  try {
    return commandOf(call)
  } catch (error) {
    const isUnknown = (error as Error).message.startsWith('ERR unknown')
    if (isUnknown && /^(EVAL|EVALSHA|SCRIPT)$/i.test(call[0]!))
      throw new RedisError('ERR This Redis command is not allowed from script')
    throw new RedisError(
      isUnknown
        ? 'ERR Unknown Redis command called from script'
        : 'ERR Wrong number of args calling Redis command from script',
    )
  }
}

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
