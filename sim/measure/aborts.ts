/** What is still done for a client that has left. */
import type { Millis } from '../../proxy/ports.ts'
import { Durations, Findings, type Meter, seconds } from './meter.ts'

/** So long after it left nothing more is expected to be heard of a request. */
const forgetAfterMs = 30_000

export function aborts(): Meter {
  const left = new Map<string, Millis>()
  const order: string[] = []
  const begunAt = new Map<string, Millis>()
  const begun = new Findings()
  const closing = new Durations()
  const open = new Findings()
  let aborted = 0
  return {
    see(event, change, ledger) {
      const { transitMs } = ledger.topology
      switch (event.kind) {
        case 'client-ended': {
          if (event.outcome !== 'aborted') return
          aborted++
          left.set(event.request, event.at)
          order.push(event.request)
          while (order.length && left.get(order[0]!)! < event.at - forgetAfterMs) left.delete(order.shift()!)
          return
        }
        case 'provider-began': {
          begunAt.set(event.attempt, event.at)
          const leftAt = left.get(event.request)
          const sentAt = change?.kind === 'began' ? change.since : event.at
          if (leftAt !== undefined && sentAt - leftAt > transitMs)
            begun.add(
              `request ${event.request} was sent to ${event.provider} ${seconds(sentAt - leftAt)} after its client had left`,
              event,
            )
          return
        }
        case 'provider-ended': {
          const began = begunAt.get(event.attempt)
          begunAt.delete(event.attempt)
          const leftAt = left.get(event.request)
          if (leftAt === undefined || began === undefined) return
          const length = event.since - Math.max(leftAt, began)
          closing.add(length)
          if (length > transitMs)
            open.add(
              `request ${event.request} went on at ${event.provider} for ${seconds(length)} after its client had left`,
              event,
            )
        }
      }
    },
    done: () => ({
      figures: {
        ...(aborted && { 'aborts.clients': aborted, 'aborts.begunAfter': begun.count }),
        ...closing.figures('aborts.closing'),
      } as Record<string, number>,
      begunAfterAbort: begun.list,
      openAfterAbort: open.list,
    }),
  }
}
