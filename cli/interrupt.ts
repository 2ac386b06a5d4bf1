/** Ctrl-C and friends: the first one asks the command to heal and clean up, further ones are answered with patience. */

/** A signal that fires on SIGINT, SIGTERM or SIGHUP. */
export function interruptible(onInterrupt: () => void): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (interrupted.signal.aborted) return
      onInterrupt()
      interrupted.abort(new Error(name))
    })
  return interrupted.signal
}
