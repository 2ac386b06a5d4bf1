/** What translated Lua calls: each does what Lua does with the values that scripts usually have, and hands over where it would not. */
import { formatDouble, wholeIn } from '../numbers.ts'
import { isError, type Reply } from '../reply.ts'

/** A Lua value: nil is undefined, a table is a list without holes. */
export type Value = undefined | boolean | number | string | Value[]

/** Thrown where only real Lua knows what is next: an error, a conversion, a table that is no list. */
export const handover = Symbol('handover')

function handOver(): never {
  throw handover
}

/** Longer than any list that is spread; Lua's own limit is not far beyond. */
const mostSpread = 1_000

const textOf = (value: Value): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? formatDouble(value) : handOver()

export const kit = {
  isTrue: (value: Value): boolean => value !== undefined && value !== false,

  /** An operand of arithmetic. */
  num: (value: Value): number =>
    typeof value === 'number' ? value : typeof value === 'string' ? (wholeIn(value) ?? handOver()) : handOver(),

  toNumber: (value: Value): Value =>
    typeof value === 'number' ? value : typeof value === 'string' ? (wholeIn(value) ?? handOver()) : undefined,

  isLess: (a: Value, b: Value): boolean =>
    (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')
      ? a < b
      : handOver(),

  isAtMost: (a: Value, b: Value): boolean =>
    (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')
      ? a <= b
      : handOver(),

  concat: (a: Value, b: Value): string => (typeof a === 'string' && typeof b === 'string' ? a + b : handOver()),

  /** The larger, as Lua's `math.max` has it: the first of those that are equal. */
  larger: (a: number, b: number): number => (b > a ? b : a),
  smaller: (a: number, b: number): number => (b < a ? b : a),

  at: (list: Value, index: Value): Value =>
    Array.isArray(list) && typeof index === 'number' ? list[index - 1] : handOver(),

  /** Overwrites an item, or adds one. */
  put(list: Value, index: Value, item: Value): void {
    if (!Array.isArray(list) || typeof index !== 'number' || !Number.isInteger(index)) handOver()
    if (index < 1 || index > list.length + 1 || item === undefined) handOver()
    list[index - 1] = item
  },

  /** An item of a new list. */
  item: (value: Value): Value => (value === undefined ? handOver() : value),

  size: (value: Value): number => (Array.isArray(value) || typeof value === 'string' ? value.length : handOver()),

  items: (value: Value): readonly Value[] => (Array.isArray(value) ? value : handOver()),

  match(pattern: RegExp, text: Value): Value {
    if (typeof text !== 'string') return handOver()
    const found = pattern.exec(text)
    return found ? (found[1] ?? found[0]) : undefined
  },

  /** An argument of `redis.call`. */
  text: textOf,

  /** What `unpack` makes of a list. */
  texts: (value: Value): string[] =>
    Array.isArray(value) && value.length <= mostSpread ? value.map(textOf) : handOver(),
} as const

/** A reply as a Lua value, by Redis's rules: null is false. Statuses and errors are tables of another kind. */
export function luaValueOf(reply: Reply): Value {
  if (typeof reply === 'string' || typeof reply === 'number') return reply
  if (reply === null) return false
  if (typeof reply === 'bigint') return Number(reply)
  if (isError(reply) || 'ok' in reply) return handOver()
  return reply.map(luaValueOf)
}

/** A Lua value as the reply of a script. */
export function replyOf(value: Value): Reply {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return integerOf(value)
  if (Array.isArray(value)) return value.map(replyOf)
  return value === true ? 1 : null
}

/** C's conversion of a double to a 64-bit integer, where what does not fit becomes the smallest. It has one zero. */
export const integerOf = (value: number): number =>
  Number.isNaN(value) || Math.abs(value) >= 2 ** 63 ? -(2 ** 63) : Math.trunc(value) + 0
