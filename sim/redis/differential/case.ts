/** One case of a differential test: steps that a real server and a virtual node both take, from an empty keyspace. */

/** A command's arguments, its name first; byte strings. */
export type Arguments = readonly string[]

export type Step =
  | { call: Arguments }
  /** Time passes for both. */
  | { sleepMs: number }
  /** The memory is full from now on, or it is not any more. */
  | { full: boolean }
  /** The server follows another one from now on, or it does not any more. */
  | { replica: boolean }

export type Case = readonly Step[]

export const call = (...args: readonly string[]): Step => ({ call: args })

export const shown = (step: Step): string =>
  'call' in step ? step.call.map(arg => JSON.stringify(arg)).join(' ') : JSON.stringify(step)
