/** Calls that can help nobody: for a request whose answer has begun, or which is itself at fault. */
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** So long after it was settled nothing more is expected to be heard of a request. */
const forgetAfterMs = 30_000

/** Statuses below 500 that are not the request's fault: the proxy's key, the model's place, the provider's time and load. */
const notItsFault: ReadonlySet<number> = new Set([401, 402, 403, 404, 408, 429])

export function needless(): Meter {
  const settled = new ShortLived<string, { at: Millis; how: string }>()
  const order: string[] = []
  const found = new Findings()
  let atFault = 0
  let answered = 0

  function settle(request: string, at: Millis, how: string) {
    if (settled.has(request)) return
    settled.set(request, { at, how })
    order.push(request)
    while (order.length && settled.get(order[0]!)!.at < at - forgetAfterMs) settled.delete(order.shift()!)
  }

  return {
    on: {
      'client-first-byte'({ request, at }) {
        answered++
        settle(request, at, 'its answer had begun')
      },
      'provider-ended'({ outcome, status, request, at }) {
        if (outcome !== 'failed' || status < 400 || status >= 500 || notItsFault.has(status)) return
        atFault++
        settle(request, at, `it was found at fault (${status})`)
      },
      'provider-began'(event, { topology }) {
        const { request, provider, at } = event
        const known = settled.get(request)
        if (!known || at - known.at <= topology.transitMs) return
        found.add(`request ${request} was sent to ${provider} ${seconds(at - known.at)} after ${known.how}`, event)
      },
    },
    done: () => ({
      figures: (answered ? { 'requests.answered': answered, 'requests.atFault': atFault } : {}) as Record<
        string,
        number
      >,
      needlessCalls: found.list,
    }),
  }
}
