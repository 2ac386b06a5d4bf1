/** Random commands: mostly meaningful, often on the edge of it. */
import fc from 'fast-check'
import type { Arguments, Case, Step } from './case.ts'

const pick = fc.constantFrom<string[]>
const tuple = <T extends fc.Arbitrary<Arguments>[]>(...parts: T) =>
  fc.tuple(...parts).map(lists => lists.flat() as Arguments)
const one = (text: fc.Arbitrary<string>): fc.Arbitrary<Arguments> => text.map(given => [given])
const just = (...args: string[]) => fc.constant<Arguments>(args)
const many = (item: fc.Arbitrary<Arguments>, maxLength = 3) =>
  fc.array(item, { minLength: 1, maxLength }).map(lists => lists.flat())

/** Few, so that commands meet: text, nothing at all, bytes that are no UTF-8, UTF-8. */
export const keys = ['a', 'b', '{a}c', '', '\xff\0k', '\xc3\xa9'] as const
export const anyKey = fc.oneof(
  { weight: 6, arbitrary: pick('a', 'b') },
  { weight: 2, arbitrary: pick(...keys.slice(2)) },
)
export const anyMember = pick('m', 'n', 'o', 'p', '#', '', 'x y', '\xc3\xa9', '\0', '\xff', '12', 'M', 'm'.repeat(60))

export const anyDouble = fc.double().map(value => (Object.is(value, -0) ? '-0' : String(value)))
const plainScore = pick('0', '1', '2', '3', '-1', '1.5', '10')
const oddScore = pick(
  ...['-0', '+0', '0.1', '-.5', '5.', '1e3', '1E3', '1e300', '-1e300', '1e-300', '5e-324', '2.2250738585072011e-308'],
  ...['inf', '-inf', '+inf', 'INF', 'infinity', '-Infinity', '+iNf', 'nan', 'NaN', '-nan', 'nan(1)', 'inf ', 'in'],
  ...['0x10', '0X1p3', '-0x.8', '0x', '0x1p', '1e', '1e+', '.', '', '+', '-', ' 1', '1 ', '\t2', '1\0', 'abc', '1,5'],
  ...['1e400', '-1e400', '1e-400', '9007199254740993', '9223372036854775807', '17179869184.000001', '1_0', '+5'],
  ...['123456789012345678901234567890', '0.30000000000000004', '1'.repeat(50), '00012', '--1'],
)
export const anyScore = fc.oneof(
  { weight: 6, arbitrary: plainScore },
  { weight: 2, arbitrary: oddScore },
  { weight: 2, arbitrary: anyDouble },
)
const anyBound = fc
  .tuple(pick('', '', '', '(', '(', '(('), fc.oneof(anyScore, pick('-inf', '+inf', 'inf')))
  .map(parts => parts.join(''))
export const anyInteger = fc.oneof(
  { weight: 6, arbitrary: pick('0', '1', '2', '3', '-1', '-2', '10') },
  {
    weight: 3,
    arbitrary: pick(
      ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '-9223372036854775809'],
      ...['9007199254740991', '9007199254740993', '-9007199254740993', '4611686018427387904', '1'.repeat(30)],
      ...['007', '+1', '-0', '00', '1.0', '1.5', '', ' 1', '1 ', '0x1', '1e3', 'abc', '-', '1\0'],
    ),
  },
)
const value = fc.oneof(anyInteger, pick('text', 'v', '\xf0\x9f\x8c\xa9', '\r\n', 'x'.repeat(60)))

/** Each letter of an option may be in either case. */
const option = (...names: string[]) =>
  fc.oneof(
    { weight: 5, arbitrary: one(pick(...names)) },
    { weight: 1, arbitrary: one(pick(...names.map(name => name.toLowerCase()))) },
    { weight: 1, arbitrary: one(pick(...names.map(name => name[0] + name.slice(1).toLowerCase()))) },
  )
const options = (item: fc.Arbitrary<Arguments>, maxLength = 2) =>
  fc.array(item, { maxLength }).map(lists => lists.flat())
const key = one(anyKey)
const limit = tuple(option('LIMIT'), one(anyInteger), one(anyInteger))
const command = (name: string, ...parts: fc.Arbitrary<Arguments>[]) => tuple(just(name), ...parts)

/** Instants that no run will see: long ago, or in a hundred years. */
const instant = (unitMs: number) =>
  pick(
    '0',
    '1',
    '-1',
    '-5',
    '1.5',
    'abc',
    '',
    String(4_102_444_800_000 / unitMs),
    '9223372036854775808',
    '-9223372036854775808',
  )
/** None that could end while a case is played, and no two that end at one instant. */
const duration = (unitMs: number) =>
  fc.oneof(
    pick('0', '-1', '-100000', '1.5', 'x', '', '9223372036854775807', '-9223372036854775808'),
    fc.noBias(fc.integer({ min: 100_000, max: 9_000_000 })).map(seconds => String((seconds * 1_000) / unitMs)),
  )

const expiryOption = fc.oneof(
  tuple(option('EX'), one(duration(1_000))),
  tuple(option('PX'), one(duration(1))),
  tuple(option('EXAT'), one(instant(1_000))),
  tuple(option('PXAT'), one(instant(1))),
)

export const sortedSetCommands: readonly fc.Arbitrary<Arguments>[] = [
  command('ZADD', key, many(tuple(one(anyScore), one(anyMember)))),
  command('ZADD', key, many(tuple(one(plainScore), one(anyMember)), 6)),
  command(
    'ZADD',
    key,
    options(option('NX', 'XX', 'GT', 'LT', 'CH', 'INCR'), 3),
    many(tuple(one(anyScore), one(anyMember))),
  ),
  command('ZADD', key, options(option('NX', 'XX', 'GT', 'LT', 'CH', 'INCR'), 2), one(anyScore), one(anyMember)),
  command('ZINCRBY', key, one(anyScore), one(anyMember)),
  command('ZREM', key, many(one(anyMember))),
  command('ZSCORE', key, one(anyMember)),
  command('ZMSCORE', key, many(one(anyMember))),
  command('ZCARD', key),
  command('ZCOUNT', key, one(anyBound), one(anyBound)),
  command('ZRANGE', key, one(anyInteger), one(anyInteger), options(option('WITHSCORES', 'REV'))),
  command('ZRANGE', key, just('0', '-1', 'WITHSCORES')),
  command('ZRANGEBYSCORE', key, one(anyBound), one(anyBound), options(fc.oneof(option('WITHSCORES'), limit))),
  command('ZREVRANGEBYSCORE', key, one(anyBound), one(anyBound), options(fc.oneof(option('WITHSCORES'), limit))),
  command('ZREMRANGEBYSCORE', key, one(anyBound), one(anyBound)),
  command('ZREMRANGEBYRANK', key, one(anyInteger), one(anyInteger)),
]

export const otherCommands: readonly fc.Arbitrary<Arguments>[] = [
  command('HSET', key, many(tuple(one(anyMember), one(value)))),
  command('HGET', key, one(anyMember)),
  command('HDEL', key, many(one(anyMember))),
  command('HINCRBY', key, one(anyMember), one(anyInteger)),
  command('HEXISTS', key, one(anyMember)),
  command('HLEN', key),
  command('HGETALL', key),
  command('SET', key, one(value)),
  command('SET', key, one(value), options(fc.oneof(option('NX', 'XX', 'GET', 'KEEPTTL'), expiryOption), 3)),
  command('GET', key),
  command('INCR', key),
  command('DECR', key),
  command('INCRBY', key, one(anyInteger)),
  command('DECRBY', key, one(anyInteger)),
  command('DEL', many(key)),
  command('UNLINK', many(key)),
  command('EXISTS', many(key)),
  command('TYPE', key),
  command('EXPIRE', key, one(duration(1_000)), options(option('NX', 'XX', 'GT', 'LT'))),
  command('PEXPIRE', key, one(duration(1)), options(option('NX', 'XX', 'GT', 'LT'))),
  command('EXPIREAT', key, one(instant(1_000)), options(option('NX', 'XX', 'GT', 'LT'))),
  command('PEXPIREAT', key, one(instant(1)), options(option('NX', 'XX', 'GT', 'LT'))),
  command('TTL', key),
  command('PTTL', key),
  command('PERSIST', key),
  command('PING', options(one(value))),
  command('FLUSHALL', options(option('ASYNC', 'SYNC'))),
  command('DBSIZE'),
]

const meaningful = fc.oneof(
  { weight: 1, arbitrary: fc.oneof(...sortedSetCommands) },
  { weight: 1, arbitrary: fc.oneof(...otherCommands) },
)

/** One argument less, one more, two in each other's place, or the name in another case or unknown. */
const spoilt = fc
  .tuple(meaningful, fc.nat(9), fc.nat(9), pick('x', '', '1', '-1', '(1', 'LIMIT', 'nx', '\r\n'), fc.nat(6))
  .map(([args, a, b, junk, how]): Arguments => {
    const spoiled = [...args]
    const at = 1 + (a % args.length)
    if (how === 0) spoiled.splice(-1, args.length > 1 ? 1 : 0)
    else if (how === 1) spoiled.push(junk)
    else if (how === 2) spoiled.splice(at, 1, junk)
    else if (how === 3) spoiled.splice(at, 0, junk)
    else if (how === 4) spoiled[0] = args[0]!.toLowerCase()
    else if (how === 5 && args.length > 2) {
      const other = 1 + (b % (args.length - 1))
      const place = 1 + (a % (args.length - 1))
      ;[spoiled[place], spoiled[other]] = [args[other]!, args[place]!]
    } else spoiled[0] = b < 5 ? `${args[0]}X` : args[0]!.slice(0, 2)
    return spoiled
  })

export const anyCommand = fc.oneof({ weight: 5, arbitrary: meaningful }, { weight: 1, arbitrary: spoilt })

/** A key that ends, and then the time in which it does: nobody touches it between the two. */
const shortLived = fc
  .tuple(anyKey, fc.integer({ min: 1, max: 2 }), fc.nat(3))
  .map(([to, ms, how]): Step[] => [
    { call: how === 0 ? ['SET', to, 'v', 'PX', String(ms)] : ['PEXPIRE', to, String(ms)] },
    { sleepMs: ms + 2 },
  ])

const step = anyCommand.map((args): Step[] => [{ call: args }])

/** A few commands, one after the other. */
export const commandCase: fc.Arbitrary<Case> = fc
  .array(fc.oneof({ weight: 60, arbitrary: step }, { weight: 1, arbitrary: shortLived }), {
    minLength: 1,
    maxLength: 8,
  })
  .map(lists => lists.flat())
