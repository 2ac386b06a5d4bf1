/** Numbers as Redis reads and writes them. */
import { RedisError } from './reply.ts'

const notAFloat = 'ERR value is not a valid float'
const notAnInteger = 'ERR value is not an integer or out of range'

/** A score or an increment: all that C's `strtod` reads, but no white space before it, no NaN, and nothing too large or too small. */
export function parseFloatArgument(text: string): number {
  const whole = wholeIn(text)
  if (whole !== undefined) return whole
  const { value, length, isInRange } = strtod(text)
  if (length === 0 || length < text.length || isSpace(text[0]!) || !isInRange || Number.isNaN(value))
    throw new RedisError(notAFloat)
  return value
}

/** A bound of a range of scores: as `strtod` has it up to the end of the C string, so that nothing at all is 0. */
export function parseBound(text: string): number {
  const whole = wholeIn(text)
  if (whole !== undefined) return whole
  if (text === '+inf') return Number.POSITIVE_INFINITY
  if (text === '-inf') return Number.NEGATIVE_INFINITY
  const { value, length } = strtod(text)
  if ((length < text.length && text[length] !== '\0') || Number.isNaN(value))
    throw new RedisError('ERR min or max is not a float')
  return value
}

/** The value of a plain number of a few digits, perhaps after a minus, as nearly every argument is; undefined for any other text. */
export function wholeIn(text: string): number | undefined {
  const { length } = text
  const negative = text.charCodeAt(0) === 45
  let n = negative ? 1 : 0
  if (n === length || length > 15) return undefined
  let value = 0
  for (; n < length; n++) {
    const digit = text.charCodeAt(n) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return negative ? -value : value
}

const isSpace = (char: string) => /[ \t\n\v\f\r]/.test(char)

const number =
  /^[ \t\n\v\f\r]*([+-]?)(?:0x([\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p([+-]?\d+))?|((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(inf(?:inity)?)|nan(?:\(\w*\))?)/i

/** C's `strtod`: the number at the start of the text and how many characters it takes, none where there is none. */
function strtod(text: string): { value: number; length: number; isInRange: boolean } {
  const found = number.exec(text)
  if (!found) return { value: 0, length: 0, isInRange: true }
  const [all, sign, hex, power, decimal, infinite] = found
  const size = infinite
    ? Number.POSITIVE_INFINITY
    : hex
      ? hexadecimal(hex, power)
      : decimal
        ? Number(decimal)
        : Number.NaN
  const vanishes = size === 0 && /[1-9a-f]/i.test(hex ?? decimal?.split(/e/i)[0] ?? '')
  const isInRange = infinite !== undefined || (Number.isFinite(size) && !vanishes)
  return { value: sign === '-' ? -size : size, length: all.length, isInRange }
}

function hexadecimal(digits: string, power = '0'): number {
  const [whole = '', fraction = ''] = digits.split('.')
  return Number(BigInt(`0x0${whole}${fraction}`)) * 2 ** (Number(power) - 4 * fraction.length)
}

/** A 64-bit integer: a bigint where a double would round it. */
export type Long = number | bigint

const longest = 2n ** 63n - 1n

export const isLong = (value: bigint): boolean => value <= longest && value >= -longest - 1n

export const toLong = (value: bigint): Long => {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}

/** A 64-bit integer in its canonical form. */
export function parseLong(text: string, message = notAnInteger): Long {
  if (text.length === 1 && text >= '0' && text <= '9') return text.charCodeAt(0) - 48
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) throw new RedisError(message)
  const near = Number(text)
  if (Number.isSafeInteger(near)) return near
  const value = BigInt(text)
  if (!isLong(value)) throw new RedisError(message)
  return value
}

/** The same where only its order of magnitude matters: a rank, a limit. */
export const parseInteger = (text: string): number => Number(parseLong(text))

/** Throws where 64 bits do not hold the sum. */
export function addLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b
  const sum = BigInt(a) + BigInt(b)
  if (!isLong(sum)) throw new RedisError('ERR increment or decrement would overflow')
  return toLong(sum)
}

/** So many of the whole numbers that were written last are remembered, by their last bits: scores are asked for again and again. A power of two. */
const remembered = 256
const written = { values: new Float64Array(remembered), texts: new Array<string>(remembered).fill('0') }

/** C's `%.17g`, with `inf` and `-inf`: how Redis 7.0 writes scores, and how Lua numbers become arguments. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) {
    if (value === 0) return Object.is(value, -0) ? '-0' : '0'
    // V8 remembers the small ones itself.
    if (value === (value | 0)) return String(value)
    const place = value & (remembered - 1)
    if (written.values[place] === value) return written.texts[place]!
    written.values[place] = value
    return (written.texts[place] = String(value))
  }
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Number.isNaN(value)) return 'nan'
  const [mantissa, power] = toSeventeenDigits(value).split('e') as [string, string]
  const exponent = Number(power)
  const sign = value < 0 ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '')
  if (exponent < -4 || exponent >= 17) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** JavaScript rounds what lies in the middle up, C to the even digit. */
function toSeventeenDigits(value: number): string {
  const rounded = value.toExponential(16)
  if (!/[13579]e/.test(rounded)) return rounded
  const exact = value.toExponential(100)
  return /^-?\d\.\d{16}50*e/.test(exact) ? exact.replace(/^(-?\d\.\d{16})\d*/, '$1') : rounded
}
