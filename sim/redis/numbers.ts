/** Numbers as Redis reads and writes them. */
import { RedisError } from './reply.ts'

const notAFloat = 'ERR value is not a valid float'
const notAnInteger = 'ERR value is not an integer or out of range'

/** Decimals and infinities, no white space, no NaN; of what strtod reads, only hexadecimals are missing. */
export function parseFloatArgument(text: string, message = notAFloat): number {
  // Nearly every argument is a plain number of a few digits.
  if (isDigits(text)) return Number(text)
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  if (/^\+?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY
  if (/^-inf(inity)?$/i.test(text)) return Number.NEGATIVE_INFINITY
  throw new RedisError(message)
}

function isDigits(text: string): boolean {
  const { length } = text
  let n = text.charCodeAt(0) === 45 ? 1 : 0
  if (n === length || length > 15) return false
  for (; n < length; n++) {
    const code = text.charCodeAt(n)
    if (code < 48 || code > 57) return false
  }
  return true
}

/** A 64-bit integer in its canonical form, within what a double holds exactly. */
export function parseInteger(text: string, message = notAnInteger): number {
  const value = Number(text)
  if (!/^(0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value)) throw new RedisError(message)
  return value
}

/** C's `%.17g`, with `inf` and `-inf`: how Redis 7.0 writes scores, and how Lua numbers become arguments. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Number.isNaN(value)) return 'nan'
  const [mantissa, power] = value.toExponential(16).split('e') as [string, string]
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
