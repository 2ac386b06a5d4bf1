/** The commands that trackers and stickiness use, with the replies and the error texts of Redis 7.0 (redis.io/commands). */
import type { Millis } from '../../proxy/ports.ts'
import type { Keyspace } from './keyspace.ts'
import {
  addLongs,
  formatDouble,
  isLong,
  type Long,
  parseBound,
  parseFloatArgument,
  parseInteger,
  parseLong,
} from './numbers.ts'
import { cString, oneLine, RedisError, type Reply, trimmedLine } from './reply.ts'
import type { Entry, ScoreRange } from './sorted-set.ts'

export interface Context {
  keyspace: Keyspace
  /** The server's clock: Unix time in ms, fractions allowed. */
  now(): Millis
}

export interface Command {
  /** Arguments with the name; negative: at least so many. */
  arity: number
  writes: boolean
  /** Refused while the memory is full. */
  grows: boolean
  /** Positions of the keys: first and last (negative from the end); none for 0. */
  keys: readonly [first: number, last: number]
  run(args: readonly string[], context: Context): Reply
}

const ok = { ok: 'OK' } as const
const syntax = () => new RedisError('ERR syntax error')
const notANumber = 'ERR resulting score is not a number (NaN)'

const read = (arity: number, run: Command['run']): Command => ({
  arity,
  writes: false,
  grows: false,
  keys: [1, 1],
  run,
})
const write = (arity: number, run: Command['run']): Command => ({ arity, writes: true, grows: true, keys: [1, 1], run })
const shrink = (arity: number, run: Command['run']): Command => ({ ...write(arity, run), grows: false })
const all = (command: Command): Command => ({ ...command, keys: [1, -1] })
const keyless = (command: Command): Command => ({ ...command, keys: [0, 0] })

// Sorted sets

/** No score but `inf` and `nan` begins with a letter. */
const isZaddOption = (text: string) => text.charCodeAt(0) > 64 && /^(NX|XX|GT|LT|CH|INCR)$/i.test(text)

function zadd(args: readonly string[], { keyspace }: Context): Reply {
  const key = args[1]!
  // Nearly always one pair and no option.
  if (args.length === 4 && !isZaddOption(args[2]!)) {
    const score = parseFloatArgument(args[2]!)
    return keyspace.setMember(key, args[3]!, score) === null ? 1 : 0
  }
  let at = 2
  const options = new Set<string>()
  for (; at < args.length && isZaddOption(args[at]!); at++) options.add(args[at]!.toUpperCase())
  const has = (option: string) => options.has(option)
  const pairs = args.length - at
  if (pairs === 0 || pairs % 2) throw syntax()
  if (has('NX') && has('XX')) throw new RedisError('ERR XX and NX options at the same time are not compatible')
  if ((has('GT') && (has('NX') || has('LT'))) || (has('LT') && has('NX')))
    throw new RedisError('ERR GT, LT, and/or NX options at the same time are not compatible')
  if (has('INCR') && pairs > 2) throw new RedisError('ERR INCR option supports a single increment-element pair')
  const scores: number[] = []
  for (let n = at; n < args.length; n += 2) scores.push(parseFloatArgument(args[n]!))
  const set = keyspace.zset(key)
  let added = 0
  let changed = 0
  let result: number | undefined
  for (const [n, given] of scores.entries()) {
    const member = args[at + 2 * n + 1]!
    const before = (set ?? keyspace.zset(key))?.score(member)
    if (before === undefined ? has('XX') : has('NX')) continue
    const score = has('INCR') && before !== undefined ? before + given : given
    if (Number.isNaN(score)) throw new RedisError(notANumber)
    if (before !== undefined && ((has('GT') && score <= before) || (has('LT') && score >= before))) continue
    result = score
    if (before === undefined) added++
    else if (score !== before) changed++
    keyspace.setMember(key, member, score)
  }
  if (has('INCR')) return result === undefined ? null : formatDouble(result)
  return has('CH') ? added + changed : added
}

function zincrby(args: readonly string[], { keyspace }: Context): Reply {
  const key = args[1]!
  const member = args[3]!
  // To Redis this is a ZADD with INCR, whose options may follow.
  if (isZaddOption(args[2]!)) throw syntax()
  const step = parseFloatArgument(args[2]!)
  const before = keyspace.zset(key)?.score(member)
  const score = before === undefined ? step : before + step
  if (Number.isNaN(score)) throw new RedisError(notANumber)
  keyspace.setMember(key, member, score)
  return formatDouble(score)
}

function zrem(args: readonly string[], { keyspace }: Context): Reply {
  let removed = 0
  for (let n = 2; n < args.length; n++) if (keyspace.setMember(args[1]!, args[n]!, null) !== null) removed++
  return removed
}

/** The bounds as they stand: from a reverse range's upper end. */
function rangeOf(first: string, second: string, reverse = false): ScoreRange {
  const firstOpen = first.startsWith('(')
  const a = parseBound(firstOpen ? first.slice(1) : first)
  const secondOpen = second.startsWith('(')
  const b = parseBound(secondOpen ? second.slice(1) : second)
  return reverse
    ? { min: b, minOpen: secondOpen, max: a, maxOpen: firstOpen }
    : { min: a, minOpen: firstOpen, max: b, maxOpen: secondOpen }
}

function listed(entries: readonly Entry[], withScores: boolean): Reply[] {
  const list: Reply[] = []
  for (const entry of entries) {
    list.push(entry.member)
    if (withScores) list.push(formatDouble(entry.score))
  }
  return list
}

/** Options come first, then the range, then the key: so do their errors. */
function rangeByScore(args: readonly string[], { keyspace }: Context, reverse: boolean, options: RangeOptions): Reply {
  const { withScores, limit } = options
  const range = rangeOf(args[2]!, args[3]!, reverse)
  const set = keyspace.zset(args[1]!)
  if (!set || (limit && limit.offset < 0)) return []
  const count = limit && limit.count >= 0 ? limit.count : Number.POSITIVE_INFINITY
  return listed(set.within(range, reverse, limit?.offset, count), withScores)
}

interface RangeOptions {
  withScores: boolean
  limit?: { offset: number; count: number }
  /** What else was said, of what may be. */
  words: ReadonlySet<string>
}

function rangeOptions(args: readonly string[], ...words: readonly string[]): RangeOptions {
  const said = new Set<string>()
  const options: RangeOptions = { withScores: false, words: said }
  for (let n = 4; n < args.length; n++) {
    const option = args[n]!.toUpperCase()
    if (option === 'WITHSCORES') options.withScores = true
    else if (option === 'LIMIT' && args.length - n > 2)
      options.limit = { offset: parseInteger(args[++n]!), count: parseInteger(args[++n]!) }
    else if (words.includes(option) && !said.has(option)) said.add(option)
    else throw syntax()
  }
  return options
}

/** Redis's ranks: negative ones count from the end. Answers from, and up to but without. */
function ranksOf(first: number, last: number, size: number): [number, number] {
  const from = Math.max(0, first < 0 ? size + first : first)
  const to = Math.min(size, (last < 0 ? size + last : last) + 1)
  return [from, Math.max(from, to)]
}

/** By rank or by score; not BYLEX. */
function zrange(args: readonly string[], context: Context): Reply {
  const options = rangeOptions(args, 'REV', 'BYSCORE')
  const reverse = options.words.has('REV')
  if (options.words.has('BYSCORE')) return rangeByScore(args, context, reverse, options)
  if (options.limit)
    throw new RedisError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  const [first, last] = [parseInteger(args[2]!), parseInteger(args[3]!)]
  const set = context.keyspace.zset(args[1]!)
  if (!set) return []
  const [from, to] = ranksOf(first, last, set.size)
  return listed(reverse ? set.slice(set.size - to, set.size - from).reverse() : set.slice(from, to), options.withScores)
}

function removeAll(keyspace: Keyspace, key: string, entries: readonly Entry[]): number {
  for (const { member } of entries) keyspace.setMember(key, member, null)
  return entries.length
}

// Hashes and strings

function hincrby([, key, field, by]: readonly string[], { keyspace }: Context): Reply {
  const step = parseLong(by!)
  const before = parseLong(keyspace.hash(key!)?.get(field!) ?? '0', 'ERR hash value is not an integer')
  const value = addLongs(before, step)
  keyspace.setField(key!, field!, String(value))
  return value
}

function hset([, key, ...pairs]: readonly string[], { keyspace }: Context): Reply {
  if (pairs.length % 2) throw wrongArity('hset')
  let added = 0
  for (let n = 0; n < pairs.length; n += 2) {
    if (!keyspace.hash(key!)?.has(pairs[n]!)) added++
    keyspace.setField(key!, pairs[n]!, pairs[n + 1]!)
  }
  return added
}

function hdel([, key, ...fields]: readonly string[], { keyspace }: Context): Reply {
  let removed = 0
  for (const field of fields) {
    if (!keyspace.hash(key!)?.has(field)) continue
    keyspace.setField(key!, field, null)
    removed++
  }
  return removed
}

/** SET key value with NX, XX, GET, KEEPTTL, EX, PX, EXAT, PXAT. */
function set(args: readonly string[], { keyspace, now }: Context): Reply {
  const [, key, text] = args as [string, string, string]
  const options = new Set<string>()
  let expiry: { unit: string; value: string } | undefined
  for (let n = 3; n < args.length; n++) {
    const option = args[n]!.toUpperCase()
    const isUnit = /^(EX|PX|EXAT|PXAT)$/.test(option) && n + 1 < args.length
    if (isUnit && !options.has('KEEPTTL') && (expiry?.unit ?? option) === option)
      expiry = { unit: option, value: args[++n]! }
    else if (/^(NX|XX|GET)$/.test(option) || (option === 'KEEPTTL' && !expiry)) options.add(option)
    else throw syntax()
    if (options.has('NX') && options.has('XX')) throw syntax()
  }
  const at = expiry && expiryFrom(expiry, now())
  const before = options.has('GET') ? (keyspace.text(key) ?? null) : null
  if (keyspace.has(key) ? options.has('NX') : options.has('XX')) return before
  keyspace.setText(key, text)
  if (!options.has('KEEPTTL')) keyspace.expireAt(key, at)
  return options.has('GET') ? before : ok
}

function expiryFrom({ unit, value }: { unit: string; value: string }, now: Millis): Millis {
  const given = parseLong(value)
  if (given <= 0) throw invalidExpiry('set')
  return instantOf(given, unit.startsWith('EX') ? 1_000 : 1, unit.endsWith('AT') ? 0 : now, 'set')
}

const invalidExpiry = (command: string) => new RedisError(`ERR invalid expire time in '${command}' command`)

/** Throws where 64 bits do not hold it. Beyond 2^53 ms, which is in 287,000 years, it is rounded. */
function instantOf(given: Long, unitMs: number, from: Millis, command: string): Millis {
  const near = Number(given) * unitMs + Math.floor(from)
  if (Number.isSafeInteger(near)) return near
  const duration = BigInt(given) * BigInt(unitMs)
  if (!isLong(duration) || !isLong(duration + BigInt(Math.floor(from)))) throw invalidExpiry(command)
  return near
}

const increment =
  (sign: 1 | -1, by?: number): Command['run'] =>
  ([, key, given], { keyspace }) => {
    const step = by ?? parseLong(given!)
    // Its opposite is no 64-bit integer.
    if (sign < 0 && step === -(2n ** 63n)) throw new RedisError('ERR decrement would overflow')
    const value = addLongs(parseLong(keyspace.text(key!) ?? '0'), sign < 0 ? -step : step)
    keyspace.setText(key!, String(value))
    return value
  }

// Keys

const expire =
  (unitMs: number, absolute: boolean): Command['run'] =>
  ([name, key, given, ...options], { keyspace, now }) => {
    const words = expireOptions(options)
    const at = instantOf(parseLong(given!), unitMs, absolute ? 0 : now(), name!.toLowerCase())
    if (!keyspace.has(key!)) return 0
    const before = keyspace.expiryOf(key!)
    if (words.has('NX') && before !== undefined) return 0
    if (words.has('XX') && before === undefined) return 0
    if (words.has('GT') && (before === undefined || at <= before)) return 0
    if (words.has('LT') && before !== undefined && at >= before) return 0
    if (at <= now()) keyspace.delete(key!)
    else keyspace.expireAt(key!, at)
    return 1
  }

function expireOptions(options: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>()
  for (const option of options) {
    if (!/^(NX|XX|GT|LT)$/i.test(option)) throw new RedisError(`ERR ${trimmedLine(`Unsupported option ${option}`)}`)
    words.add(option.toUpperCase())
  }
  const has = (word: string) => words.has(word)
  if (has('NX') && words.size > 1)
    throw new RedisError('ERR NX and XX, GT or LT options at the same time are not compatible')
  if (has('GT') && has('LT')) throw new RedisError('ERR GT and LT options at the same time are not compatible')
  return words
}

const timeToLive =
  (unitMs: number): Command['run'] =>
  ([, key], { keyspace, now }) => {
    if (!keyspace.has(key!)) return -2
    const at = keyspace.expiryOf(key!)
    return at === undefined ? -1 : Math.floor((at - Math.floor(now()) + unitMs / 2) / unitMs)
  }

function persist([, key]: readonly string[], { keyspace }: Context): Reply {
  if (keyspace.expiryOf(key!) === undefined) return 0
  keyspace.expireAt(key!, undefined)
  return 1
}

const remove: Command['run'] = ([, ...keys], { keyspace }) => keys.filter(key => keyspace.delete(key)).length

const time: Command['run'] = (_, { now }) => {
  const micros = Math.floor(now() * 1000)
  return [formatDouble(Math.floor(micros / 1e6)), formatDouble(micros % 1e6)]
}

export const wrongArity = (name: string) =>
  new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)

const textOrNull = (text: string | undefined): Reply => text ?? null
const scoreOrNull = (score: number | undefined): Reply => (score === undefined ? null : formatDouble(score))

/** By upper-case name. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ZADD: write(-4, zadd),
    ZINCRBY: write(4, zincrby),
    ZREM: shrink(-3, zrem),
    ZSCORE: read(3, (args, { keyspace }) => scoreOrNull(keyspace.zset(args[1]!)?.score(args[2]!))),
    ZMSCORE: read(-3, ([, key, ...members], { keyspace }) => {
      const set = keyspace.zset(key!)
      return members.map(member => scoreOrNull(set?.score(member)))
    }),
    ZCARD: read(2, (args, { keyspace }) => keyspace.zset(args[1]!)?.size ?? 0),
    ZCOUNT: read(4, (args, { keyspace }) => {
      const range = rangeOf(args[2]!, args[3]!)
      return keyspace.zset(args[1]!)?.count(range) ?? 0
    }),
    ZRANGE: read(-4, zrange),
    ZRANGEBYSCORE: read(-4, (args, context) => rangeByScore(args, context, false, rangeOptions(args))),
    ZREVRANGEBYSCORE: read(-4, (args, context) => rangeByScore(args, context, true, rangeOptions(args))),
    ZREMRANGEBYSCORE: shrink(4, (args, { keyspace }) => {
      const range = rangeOf(args[2]!, args[3]!)
      return removeAll(keyspace, args[1]!, keyspace.zset(args[1]!)?.within(range) ?? [])
    }),
    ZREMRANGEBYRANK: shrink(4, (args, { keyspace }) => {
      const [first, last] = [parseInteger(args[2]!), parseInteger(args[3]!)]
      const set = keyspace.zset(args[1]!)
      return set ? removeAll(keyspace, args[1]!, set.slice(...ranksOf(first, last, set.size))) : 0
    }),
    HSET: write(-4, hset),
    HGET: read(3, ([, key, field], { keyspace }) => textOrNull(keyspace.hash(key!)?.get(field!))),
    HDEL: shrink(-3, hdel),
    HINCRBY: write(4, hincrby),
    HEXISTS: read(3, ([, key, field], { keyspace }) => (keyspace.hash(key!)?.has(field!) ? 1 : 0)),
    HLEN: read(2, ([, key], { keyspace }) => keyspace.hash(key!)?.size ?? 0),
    HGETALL: read(2, ([, key], { keyspace }) => [...(keyspace.hash(key!) ?? [])].flat()),
    SET: write(-3, set),
    GET: read(2, ([, key], { keyspace }) => textOrNull(keyspace.text(key!))),
    INCR: write(2, increment(1, 1)),
    DECR: write(2, increment(-1, 1)),
    INCRBY: write(3, increment(1)),
    DECRBY: write(3, increment(-1)),
    DEL: all(shrink(-2, remove)),
    UNLINK: all(shrink(-2, remove)),
    EXISTS: all(read(-2, ([, ...keys], { keyspace }) => keys.filter(key => keyspace.has(key)).length)),
    TYPE: read(2, ([, key], { keyspace }) => ({ ok: keyspace.get(key!)?.type ?? 'none' })),
    EXPIRE: shrink(-3, expire(1000, false)),
    PEXPIRE: shrink(-3, expire(1, false)),
    EXPIREAT: shrink(-3, expire(1000, true)),
    PEXPIREAT: shrink(-3, expire(1, true)),
    TTL: read(2, timeToLive(1000)),
    PTTL: read(2, timeToLive(1)),
    PERSIST: shrink(2, persist),
    TIME: keyless(read(1, time)),
    PING: keyless(
      read(-1, ([name, message, ...more]) => {
        if (more.length) throw wrongArity(name!)
        return message ?? { ok: 'PONG' }
      }),
    ),
    FLUSHALL: keyless(
      shrink(-1, ([, how, ...more], { keyspace }) => {
        if (more.length || (how !== undefined && !/^(SYNC|ASYNC)$/i.test(how))) throw syntax()
        keyspace.clear()
        return ok
      }),
    ),
    DBSIZE: keyless(read(1, (_, { keyspace }) => keyspace.size)),
  } satisfies Record<string, Command>),
)

/** The command an argument list names; throws Redis's own error when there is none, or the arguments are too few or many. */
export function commandOf(args: readonly string[]): Command {
  const command = commands.get(args[0]!) ?? commands.get(args[0]!.toUpperCase())
  if (!command) throw unknownCommand(args)
  if (command.arity > 0 ? args.length !== command.arity : args.length < -command.arity) throw wrongArity(args[0]!)
  return command
}

/** Redis quotes 128 characters of the arguments, each up to its first NUL. */
export function unknownCommand([name, ...rest]: readonly string[]): RedisError {
  let quoted = ''
  for (const arg of rest) if (quoted.length < 128) quoted += `'${cString(arg).slice(0, 128 - quoted.length)}' `
  const text = `unknown command '${cString(name!).slice(0, 128)}', with args beginning with: ${quoted}`
  return new RedisError(`ERR ${oneLine(text)}`)
}

export function keysOf({ keys: [first, last] }: Command, args: readonly string[]): readonly string[] {
  return first === 0 ? [] : args.slice(first, last < 0 ? args.length + last + 1 : last + 1)
}
