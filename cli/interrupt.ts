/** Ctrl-C and friends: the first one asks the command to heal and clean up, further ones are answered with patience. */

import { Interrupted } from './errors.ts'

/** A signal that fires, with `Interrupted` as its reason, on SIGINT, SIGTERM or SIGHUP, and when npm is gone that started it. */
export function interruptible(onInterrupt: () => unknown): AbortSignal {
  const interrupted = new AbortController()
  const interrupt = () => {
    if (interrupted.signal.aborted) return
    onInterrupt()
    interrupted.abort(new Interrupted())
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt)
  // Told to end, npm and npx end, and tell nobody.
  const parent = process.ppid
  if (process.env.npm_command !== undefined) setInterval(() => process.ppid !== parent && interrupt(), 200).unref()
  return interrupted.signal
}
