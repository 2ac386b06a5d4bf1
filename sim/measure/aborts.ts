/** What is still done for a client that has left. */
import type { Millis } from '../../proxy/ports.ts'
import { Durations, Findings, type Meter, seconds } from './meter.ts'

/** So long after it left nothing more is expected to be heard of a request. */
const forgetAfterMs = 30_000

export function aborts(): Meter {
  const left = new Map<string, Millis>()
  const order: string[] = []
  const begun = new Findings()
  const closing = new Durations()
  const open = new Findings()
  let aborted = 0
  return {
    on: {
      'client-ended'({ outcome, request, at }) {
        if (outcome !== 'aborted') return
        aborted++
        left.set(request, at)
        order.push(request)
        while (order.length && left.get(order[0]!)! < at - forgetAfterMs) left.delete(order.shift()!)
      },
    },
    when: {
      began({ event, since }, { topology }) {
        const { request, provider } = event
        const leftAt = left.get(request)
        if (leftAt !== undefined && since - leftAt > topology.transitMs)
          begun.add(
            `request ${request} was sent to ${provider} ${seconds(since - leftAt)} after its client had left`,
            event,
          )
      },
      ended({ event, beganAt }, { topology }) {
        const { request, provider } = event
        const leftAt = left.get(request)
        if (leftAt === undefined) return
        const length = event.since - Math.max(leftAt, beganAt)
        closing.add(length)
        if (length > topology.transitMs)
          open.add(`request ${request} went on at ${provider} for ${seconds(length)} after its client had left`, event)
      },
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
