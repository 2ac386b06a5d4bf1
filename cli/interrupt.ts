/** Ctrl-C and friends: the first one asks the command to heal and clean up, further ones are answered with patience. */

import { Interrupted } from './errors.ts'

/** A signal that fires, with `Interrupted` as its reason, on SIGINT, SIGTERM or SIGHUP. */
export function interruptible(onInterrupt: () => unknown): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (interrupted.signal.aborted) return
      onInterrupt()
      interrupted.abort(new Interrupted())
    })
  return interrupted.signal
}
