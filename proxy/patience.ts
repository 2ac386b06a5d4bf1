/** The time-outs of one attempt: first byte, idle, total. One timer at a time, whatever the number of chunks. */
import { type Failure, TransportError } from './failure.ts'
import type { Clock } from './ports.ts'
import type { Provider } from './provider.ts'

export interface Patience {
  /** Something arrived: from now on it is the idle time-out that runs. */
  progress(): void
  end(): void
}

/** Calls `giveUp` once with the time-out that was hit, unless `end` comes first. */
export function startPatience(provider: Provider, clock: Clock, giveUp: (reason: TransportError) => void): Patience {
  const total = clock.now() + provider.totalMs
  let due = clock.now() + provider.firstByteMs
  let kind: Failure = 'first-byte-timeout'
  let cancel = clock.after(Math.min(provider.firstByteMs, provider.totalMs), watch)
  return {
    progress() {
      due = clock.now() + provider.idleMs
      kind = 'idle-timeout'
    },
    end: () => cancel(),
  }

  /** The timer is not moved at each chunk: when it fires too early, it is set again for what is left. */
  function watch() {
    const left = Math.min(due, total) - clock.now()
    if (left > 0) {
      cancel = clock.after(left, watch)
      return
    }
    const failure = total <= due ? 'total-timeout' : kind
    giveUp(new TransportError(failure, `${provider.id}: ${failure}`))
  }
}
