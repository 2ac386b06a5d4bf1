/** What the watched sorted sets hold, replayed from the replication stream; it can say what they held at an earlier offset. */
import { isSortedSetCommand, run } from './sorted-set.ts'

export interface Change {
  key: string
  member: string
  /** null: it was, or is, no member. */
  before: number | null
  after: number | null
  offset: number
  /** It went with its whole key, which may live on elsewhere. */
  whole?: boolean
}

/** How many changes can be taken back: far more than a failover can lose. */
const memory = 50_000

export class Replay {
  readonly #sets: Map<string, Map<string, number>>
  /** What a census already contains: up to this offset the stream repeats it. */
  readonly #floors = new Map<string, number>()
  #log: Change[] = []

  constructor(keys: readonly string[]) {
    this.#sets = new Map(keys.map(key => [key, new Map<string, number>()]))
  }

  /** What a census found: from here the stream goes on. */
  reset(key: string, members: ReadonlyMap<string, number>, offset: number): Change[] {
    const old = this.#sets.get(key)!
    const changes: Change[] = []
    for (const [member, before] of old)
      if (!members.has(member)) changes.push({ key, member, before, after: null, offset })
    for (const [member, after] of members) {
      const before = old.get(member) ?? null
      if (before !== after) changes.push({ key, member, before, after, offset })
    }
    this.#log = this.#log.filter(change => change.key !== key)
    this.#sets.set(key, new Map(members))
    this.#floors.set(key, offset)
    return changes
  }

  /** Applies one command. `unknown`: it touches these watched keys in a way that only a census can tell. */
  apply(args: readonly string[], offset: number): Change[] | { unknown: string[] } {
    const command = args[0]!.toUpperCase()
    if (command === 'FLUSHALL' || command === 'FLUSHDB')
      return [...this.#sets.keys()].flatMap(key => this.#drop(key, offset))
    if (command === 'DEL' || command === 'UNLINK')
      return args.slice(1).flatMap(key => this.#drop(key, offset).map(change => ({ ...change, whole: true })))
    if (harmless.has(command)) return []
    if (isSortedSetCommand(command)) {
      const set = this.#sets.get(args[1]!)
      return set ? run(args, set).flatMap(({ member, score }) => this.#write(args[1]!, member, score, offset)) : []
    }
    const named = moving.has(command) ? args.slice(1) : args.slice(1, 2)
    const unknown = named.filter(key => this.#sets.has(key))
    return unknown.length ? { unknown } : []
  }

  /** The members of a key as they were when the stream stood at this offset. */
  at(key: string, offset: number): Map<string, number> {
    const set = new Map(this.#sets.get(key))
    for (let n = this.#log.length - 1; n >= 0 && this.#log[n]!.offset > offset; n--) {
      const change = this.#log[n]!
      if (change.key !== key) continue
      if (change.before === null) set.delete(change.member)
      else set.set(change.member, change.before)
    }
    return set
  }

  /** Keys whose state before this offset was never known. */
  censusedAfter(offset: number): string[] {
    return [...this.#floors].filter(([, floor]) => floor > offset).map(([key]) => key)
  }

  /** Takes back everything after this offset; answers what was taken back, latest first. */
  rollBack(offset: number): Change[] {
    // What comes at these offsets now is another history.
    for (const key of this.censusedAfter(offset)) this.#floors.set(key, offset)
    const lost: Change[] = []
    while (this.#log.length && this.#log.at(-1)!.offset > offset) {
      const change = this.#log.pop()!
      const set = this.#sets.get(change.key)!
      if (change.before === null) set.delete(change.member)
      else set.set(change.member, change.before)
      lost.push(change)
    }
    return lost
  }

  #drop(key: string, offset: number): Change[] {
    const set = this.#sets.get(key)
    return set ? [...set.keys()].flatMap(member => this.#write(key, member, null, offset)) : []
  }

  #write(key: string, member: string, after: number | null, offset: number): Change[] {
    const set = this.#sets.get(key)!
    const before = set.get(member) ?? null
    if (before === after || offset <= (this.#floors.get(key) ?? -1)) return []
    if (after === null) set.delete(member)
    else set.set(member, after)
    const change = { key, member, before, after, offset }
    this.#log.push(change)
    if (this.#log.length > 2 * memory) this.#log = this.#log.slice(-memory)
    return [change]
  }
}

/** They name a key and change no member. */
const harmless = new Set([
  'EXPIRE',
  'PEXPIRE',
  'EXPIREAT',
  'PEXPIREAT',
  'PERSIST',
  'SELECT',
  'PING',
  'REPLCONF',
  'MULTI',
  'EXEC',
  'PUBLISH',
  'SPUBLISH',
])

/** They write a key that is not the first one named. */
const moving = new Set([
  'RENAME',
  'RENAMENX',
  'COPY',
  'ZRANGESTORE',
  'ZUNIONSTORE',
  'ZINTERSTORE',
  'ZDIFFSTORE',
  'MIGRATE',
])
