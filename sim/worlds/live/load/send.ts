/** One request of a storm's client, from the send to the end, told in client events. */
import { request as call, type Dispatcher } from 'undici'
import type { ClientEvent, RawEvent } from '../../../history.ts'
import type { Leaving } from '../../../load/load.ts'
import type { AskStep } from '../../../plan.ts'
import { bodyOf, pathOf } from '../../../providers/asked.ts'
import { flawOf, saysSo } from '../../../providers/flaw.ts'
import { retryAfterIn } from '../../../providers/wire.ts'
import { hostNow } from '../part.ts'

export interface SendOptions {
  target: string
  /** Its name, as the history has it. */
  instance?: string
  /** When it should have left, on the host's clock. */
  plannedAt: number
  key: string
  dispatcher: Dispatcher
  emit(event: RawEvent): void
  /** Fires when we give everything up. */
  signal: AbortSignal
  /** After this long without the whole answer the request is given up, and counts as broken. */
  deadlineMs: number
}

/** Resolves when the request has ended, however it did; never rejects. */
export async function send(ask: AskStep, options: SendOptions): Promise<void> {
  const { request, session, shape, stream, leaves } = ask
  const { target, instance, plannedAt, key, dispatcher, emit, signal, deadlineMs } = options
  const tell = (event: ClientEvent) => emit({ at: hostNow(), from: 'client', ...event })
  const deadline = AbortSignal.timeout(deadlineMs)
  const leaving = new AbortController()
  let patience: NodeJS.Timeout | undefined
  const leaveAfter = (moment: Leaving['after']) => {
    if (leaves?.after === moment) patience = setTimeout(() => leaving.abort(), leaves.ms)
  }
  let status = 0
  let bytes = 0
  tell({ kind: 'client-sent', request, session, plannedAt, shape, stream, ...(instance !== undefined && { instance }) })
  leaveAfter('send')
  try {
    const reply = await call(target + pathOf[shape], {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key, 'x-request-id': request },
      body: bodyOf(ask),
      signal: AbortSignal.any([signal, deadline, leaving.signal]),
    })
    status = reply.statusCode
    const chunks: Buffer[] = []
    for await (const chunk of reply.body) {
      if (bytes === 0) {
        tell({ kind: 'client-first-byte', request, status })
        leaveAfter('first-byte')
      }
      bytes += chunk.length
      chunks.push(chunk)
    }
    const good = status >= 200 && status < 300
    const flaw = good ? flawOf(Buffer.concat(chunks).toString('utf8'), ask) : undefined
    const outcome = flaw !== undefined ? 'broken' : good ? 'complete' : 'answered'
    const wait = retryAfterIn(String(reply.headers['retry-after'] ?? ''))
    tell({
      kind: 'client-ended',
      request,
      outcome,
      status,
      bytes,
      ...(flaw !== undefined && { because: flaw }),
      ...(flaw !== undefined && flaw !== saysSo && { hidden: true }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    })
  } catch (error) {
    const outcome = signal.aborted || leaving.signal.aborted ? 'aborted' : 'broken'
    const because = deadline.aborted ? `not ended within ${deadlineMs} ms` : String(error)
    tell({ kind: 'client-ended', request, outcome, status, bytes, because })
  } finally {
    clearTimeout(patience)
  }
}
