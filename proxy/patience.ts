/** The time-outs of one attempt: first byte, idle, total. One sleeper whatever the number of chunks. */
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
  const over = new AbortController()
  const total = clock.now() + provider.totalMs
  let due = clock.now() + provider.firstByteMs
  let kind: Failure = 'first-byte-timeout'
  void watch()
  return {
    progress() {
      due = clock.now() + provider.idleMs
      kind = 'idle-timeout'
    },
    end: () => over.abort(ended),
  }

  async function watch() {
    for (let next = Math.min(due, total); !over.signal.aborted; next = Math.min(due, total)) {
      const left = next - clock.now()
      if (left <= 0) {
        const failure = total <= due ? 'total-timeout' : kind
        return giveUp(new TransportError(failure, `${provider.id}: ${failure}`))
      }
      await clock.sleep(left, over.signal).catch(() => {})
    }
  }
}

/** Ready-made: building an abort reason for every attempt is measurable work. */
const ended = new Error('the attempt has ended')
