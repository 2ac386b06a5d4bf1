/** How long requests take, and how much of it is the proxy's own doing. */
import type { Millis } from '../../ports.ts'
import type { ProxyRequest } from '../../request.ts'

interface Times {
  beganAt: Millis
  /** Upstream calls under way. */
  calls: number
  /** Since when none is; meaningless while one is. */
  idleSince: Millis
  idleMs: Millis
  called: boolean
  answered: boolean
}

export interface RequestTimes {
  /** The whole request is here. */
  began(request: ProxyRequest): void
  /** An upstream call of it begins, and is over: its end was read or its socket destroyed. */
  callBegan(request: ProxyRequest): void
  callOver(request: ProxyRequest): void
  firstByte(request: ProxyRequest): void
  /** How long it took in all. */
  ended(request: ProxyRequest): Millis
}

export interface TimesSeen {
  /** From the whole request to the first byte of its reply. */
  firstByte(took: Millis): void
  /**
   * Of a request that called a provider: the time, from the whole request to the end of its reply, in which no upstream call
   * was under way. Admissions, back-offs, parsing and the event loop's own delays are in it; what providers take is not.
   */
  added(took: Millis): void
}

export function createRequestTimes(now: () => Millis, seen: TimesSeen): RequestTimes {
  const times = new WeakMap<ProxyRequest, Times>()
  return {
    began(request) {
      const beganAt = now()
      times.set(request, { beganAt, calls: 0, idleSince: beganAt, idleMs: 0, called: false, answered: false })
    },
    callBegan(request) {
      const known = times.get(request)
      if (!known) return
      known.called = true
      if (known.calls++ === 0) known.idleMs += now() - known.idleSince
    },
    callOver(request) {
      const known = times.get(request)
      if (known && --known.calls === 0) known.idleSince = now()
    },
    firstByte(request) {
      const known = times.get(request)
      if (!known || known.answered) return
      known.answered = true
      seen.firstByte(now() - known.beganAt)
    },
    ended(request) {
      const known = times.get(request)
      if (!known) return 0
      const endedAt = now()
      if (known.called) seen.added(known.idleMs + (known.calls === 0 ? endedAt - known.idleSince : 0))
      return endedAt - known.beganAt
    },
  }
}
