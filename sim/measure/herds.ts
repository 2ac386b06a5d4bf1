/** What comes to a provider when the time is up that it wished to be left alone: those who ask then, or all who have waited? */
import type { Millis } from '../../proxy/ports.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** A herd comes at once. */
const windowMs: Millis = 50

export function herds(): Meter {
  /** When clients asked, and when each provider was called, of late. */
  const asked: Millis[] = []
  const called = new Map<string, Millis[]>()
  const ends: { provider: string; at: Millis }[] = []
  const found = new Findings()
  let ended = 0
  let most = 0

  const within = (times: readonly Millis[], from: Millis, to: Millis) =>
    times.filter(at => at >= from && at <= to).length
  function remember(times: Millis[], at: Millis) {
    times.push(at)
    while (times[0]! < at - 1_000) times.shift()
  }

  function judge({ provider, at }: { provider: string; at: Millis }, transitMs: Millis) {
    ended++
    const calls = within(called.get(provider) ?? [], at, at + windowMs)
    const requests = within(asked, at - transitMs, at + windowMs)
    most = Math.max(most, calls)
    if (calls > requests)
      found.add(
        `${provider} got ${calls} calls when its pause was over at ${seconds(at)}, and only ${requests} were asked for then`,
      )
  }

  return {
    passed(now, { topology: { transitMs } }) {
      for (let n = ends.length - 1; n >= 0; n--)
        if (ends[n]!.at + windowMs + transitMs < now) judge(ends.splice(n, 1)[0]!, transitMs)
    },
    on: {
      'client-sent': ({ at }) => remember(asked, at),
      'provider-began'({ provider, at }) {
        let times = called.get(provider)
        if (!times) called.set(provider, (times = []))
        remember(times, at)
      },
      'provider-ended'({ provider, since, retryAfterMs }) {
        if (retryAfterMs !== undefined) ends.push({ provider, at: since + retryAfterMs })
      },
    },
    done: () => ({
      figures: (ended ? { 'pauses.ended': ended, 'pauses.mostCallsAtEnd': most } : {}) as Record<string, number>,
      herds: found.list,
    }),
  }
}
