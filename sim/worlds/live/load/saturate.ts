/** The closed loop: autocannon drives each proxy with its share of the clients, each asking again as soon as it has its answer. */
import autocannon from 'autocannon'
import type { ClientEvent, RawEvent } from '../../../history.ts'
import type { AskStep } from '../../../plan.ts'
import { bodyOf, pathOf } from '../../../providers/asked.ts'
import { flawOf, saysSo } from '../../../providers/flaw.ts'
import { retryAfterIn } from '../../../providers/wire.ts'
import { hostNow } from '../part.ts'

export interface SaturateOptions {
  /** One a client. */
  asks: readonly (AskStep & Required<Pick<AskStep, 'again'>>)[]
  targets: readonly string[]
  /** The plan's time 0 on the host's clock. */
  origin: number
  key: string
  emit(event: RawEvent): void
  signal: AbortSignal
}

const timeoutS = 10

/** Resolves when the last client has stopped. What is under way then is given up by its client. */
export async function saturate(options: SaturateOptions): Promise<void> {
  const { asks, targets } = options
  await Promise.all(
    targets.map(async (target, n) => {
      const clients = asks.filter(({ via }) => via % targets.length === n)
      if (clients.length) await drive(target, clients, options)
    }),
  )
}

async function drive(target: string, clients: SaturateOptions['asks'], options: SaturateOptions): Promise<void> {
  const { origin, key, emit, signal } = options
  const tell = (event: ClientEvent) => emit({ at: hostNow(), from: 'client', ...event })
  const until = origin + Math.max(...clients.map(({ again }) => again.until))
  const open = new Set<string>()
  const times = clients.map(() => 0)
  let next = 0

  function newAsk() {
    const n = next++ % clients.length
    const ask = clients[n]!
    const nth = times[n]!++
    return nth === 0 ? ask : { ...ask, request: `${ask.request}.${nth}`, session: `${ask.session}.${nth}` }
  }

  const running = autocannon({
    url: target,
    connections: clients.length,
    // Stopped by its plan, below.
    duration: 3_600,
    timeout: timeoutS,
    requests: [
      {
        setupRequest(request, context) {
          const ask = newAsk()
          const { request: name, session, shape, stream } = ask
          context.ask = ask
          open.add(name)
          tell({ kind: 'client-sent', request: name, session, plannedAt: hostNow(), shape, stream })
          const headers = { 'content-type': 'application/json', 'x-api-key': key, 'x-request-id': name }
          return { ...request, method: 'POST', path: pathOf[shape], headers, body: bodyOf(ask) }
        },
        onResponse(status, body, context, headers) {
          const ask = context.ask as AskStep
          if (!open.delete(ask.request)) return
          const good = status >= 200 && status < 300
          const flaw = good ? flawOf(body, ask) : undefined
          const wait = retryAfterIn(headers['retry-after'])
          tell({
            kind: 'client-ended',
            request: ask.request,
            outcome: flaw !== undefined ? 'broken' : good ? 'complete' : 'answered',
            status,
            bytes: Buffer.byteLength(body),
            ...(flaw !== undefined && { because: flaw }),
            ...(flaw !== undefined && flaw !== saysSo && { hidden: true }),
            ...(wait !== undefined && { retryAfterMs: wait }),
          })
        },
      },
    ],
  })
  const stop = () => running.stop()
  const timer = setTimeout(stop, until - hostNow())
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { errors, timeouts } = await running
    // Which ones they were autocannon does not say: the oldest, since all others had an answer or were just sent.
    const broken = errors + timeouts
    for (const [n, request] of [...open].entries()) {
      const about = { request, status: 0, bytes: 0 }
      if (n < broken) tell({ kind: 'client-ended', outcome: 'broken', because: 'no answer', ...about })
      else tell({ kind: 'client-ended', outcome: 'aborted', ...about })
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
