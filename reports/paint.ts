/** Marks of verdicts, coloured where asked. */
import type { Result } from '../sim/checks/check.ts'

const marks: Record<Result, string> = { pass: '✓', unknown: '?', fail: '✗' }
const colours: Record<Result, number> = { pass: 32, unknown: 33, fail: 31 }

export const markOf = (result: Result, colour: boolean): string => paint(marks[result], colours[result], colour)

export const paint = (text: string, code: number, colour: boolean): string =>
  colour ? `\x1b[${code}m${text}\x1b[0m` : text
