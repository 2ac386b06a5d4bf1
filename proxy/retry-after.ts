/** When a provider says it may be asked again. */
import type { Millis } from './ports.ts'

/** A number that would take a provider away for days is a mistake of its, not a wish. */
const mostMs = 3_600_000

/**
 * The wait that a reply asks for: `retry-after-ms` (OpenAI's), else `retry-after` in seconds or as a date (RFC 9110, 10.2.3),
 * which is read against the reply's own `date`: no clock of ours is asked. Undefined when nothing readable is there.
 */
export function retryAfterOf(headers: Readonly<Record<string, string>>): Millis | undefined {
  const ms = waitOf(headers)
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.min(mostMs, Math.max(0, ms))
}

function waitOf(headers: Readonly<Record<string, string>>): Millis | undefined {
  const exact = headers['retry-after-ms']
  if (exact !== undefined && isNumber(exact)) return Number(exact)
  const text = headers['retry-after']
  if (text === undefined) return undefined
  if (isNumber(text)) return Number(text) * 1000
  return Date.parse(text) - Date.parse(headers.date ?? '')
}

const isNumber = (text: string) => /^\s*\d+(\.\d+)?\s*$/.test(text)
