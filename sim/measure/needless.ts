/** Calls that can help nobody: for a request whose answer has begun, or which is itself at fault. */
import type { Millis } from '../../proxy/ports.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** So long after it was settled nothing more is expected to be heard of a request. */
const forgetAfterMs = 30_000

/** Statuses below 500 that are not the request's fault: the proxy's key, the model's place, the provider's time and load. */
const notItsFault: ReadonlySet<number> = new Set([401, 402, 403, 404, 408, 429])

export function needless(): Meter {
  const settled = new Map<string, { at: Millis; how: string }>()
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
    see(event, _change, ledger) {
      switch (event.kind) {
        case 'client-first-byte':
          answered++
          return settle(event.request, event.at, 'its answer had begun')
        case 'provider-ended': {
          const { outcome, status, request, at } = event
          if (outcome !== 'failed' || status < 400 || status >= 500 || notItsFault.has(status)) return
          atFault++
          return settle(request, at, `it was found at fault (${status})`)
        }
        case 'provider-began': {
          const known = settled.get(event.request)
          if (!known || event.at - known.at <= ledger.topology.transitMs) return
          found.add(
            `request ${event.request} was sent to ${event.provider} ${seconds(event.at - known.at)} after ${known.how}`,
            event,
          )
        }
      }
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
