/** How a command ends: exit codes, and errors of one line that say what is wrong, where, and what to do. */
import { closest, distance } from 'fastest-levenshtein'
import { EnvironmentNotReady } from '../sim/worlds/live/environment.ts'

export const exitCodes = {
  passed: 0,
  failed: 1,
  unknown: 2,
  notReady: 3,
  badArgument: 4,
  /** Stormproof itself is wrong: a world broke down, or the same seed gave two histories. 70 is EX_SOFTWARE of sysexits. */
  ours: 70,
  interrupted: 130,
} as const

/** Something the user typed is wrong. */
export class BadArgument extends Error {}

/** Stormproof itself is wrong. */
export class Ours extends Error {}

/** The command was interrupted, and has cleaned up. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
  }
}

/** The entry of this name; otherwise a `BadArgument` that lists the nearest names. */
export function named<T extends { name: string }>(
  kind: string,
  registry: Readonly<Record<string, T>>,
  name: string,
): T {
  const all = Object.values(registry)
  const found = all.find(entry => entry.name === name)
  if (found) return found
  throw new BadArgument(
    `no ${kind} "${name}": ${nearest(
      name,
      all.map(entry => entry.name),
    )}`,
  )
}

function nearest(name: string, names: readonly string[]): string {
  const best = closest(name, names)
  if (distance(name, best) <= Math.max(2, name.length / 2)) return `did you mean ${best}? (see \`stormproof list\`)`
  return `there are ${names.join(', ')}`
}

/** Prints the one line, and answers the exit code. */
export function report(error: unknown): number {
  if (error instanceof Interrupted) {
    console.error('stormproof: interrupted; everything it had started is stopped')
    return exitCodes.interrupted
  }
  const message = error instanceof Error ? error.message : String(error)
  console.error(`stormproof: ${message.replaceAll(/\s*\n\s*/g, ' ')}`)
  if (error instanceof BadArgument) return exitCodes.badArgument
  if (error instanceof EnvironmentNotReady) return exitCodes.notReady
  if (error instanceof Ours) return exitCodes.ours
  // A run that could not be played to its end has judged nothing.
  if (process.env.STORMPROOF_DEBUG && error instanceof Error) console.error(error.stack)
  return exitCodes.unknown
}
