/** What the clients saw: answers, waiting times from the intended send, and the price in upstream calls. */
import type { Millis } from '../../proxy/ports.ts'
import type { Event } from '../history.ts'
import { Durations, Findings, type Meter, seconds } from './meter.ts'

type Sent = Extract<Event, { kind: 'client-sent' }>

export function clients(): Meter {
  const open = new Map<string, { sent: Sent; firstByteAt?: Millis; judged: boolean }>()
  const failedAt = new Map<string, Millis>()
  const ttft = new Durations()
  const latency = new Durations()
  const failover = new Durations()
  const unanswered = new Findings()
  let sent = 0
  let judgedSent = 0
  let complete = 0
  let attempts = 0
  return {
    see(event, _change, ledger) {
      switch (event.kind) {
        case 'client-sent': {
          const judged = event.at >= ledger.judgedFrom
          sent++
          if (judged) judgedSent++
          open.set(event.request, { sent: event, judged })
          return
        }
        case 'client-first-byte': {
          const request = open.get(event.request)
          if (request) request.firstByteAt = event.at
          return
        }
        case 'client-ended': {
          const request = open.get(event.request)
          open.delete(event.request)
          failedAt.delete(event.request)
          if (!request) return
          if (event.outcome === 'broken')
            unanswered.add(`request ${event.request} broke: ${event.because ?? 'no answer'}`, request.sent, event)
          if (event.outcome !== 'complete' || !request.judged) return
          complete++
          latency.add(event.at - request.sent.plannedAt)
          if (request.firstByteAt !== undefined) ttft.add(request.firstByteAt - request.sent.plannedAt)
          return
        }
        case 'provider-began': {
          attempts++
          const failed = failedAt.get(event.request)
          if (failed !== undefined && failed >= ledger.judgedFrom) failover.add(event.at - failed)
          return void failedAt.delete(event.request)
        }
        case 'provider-ended':
          if (event.outcome !== 'served' && open.has(event.request)) failedAt.set(event.request, event.at)
      }
    },
    done() {
      for (const { sent: asked } of open.values())
        unanswered.add(`request ${asked.request}, sent at ${seconds(asked.at)}, never ended`, asked)
      const figures: Record<string, number> = { 'requests.sent': sent, 'requests.unanswered': unanswered.count }
      if (judgedSent) figures.availability = complete / judgedSent
      if (sent) figures.amplification = attempts / sent
      Object.assign(figures, ttft.figures('ttft'), latency.figures('latency'), failover.figures('failover'))
      return { figures, unanswered: unanswered.list }
    },
  }
}
