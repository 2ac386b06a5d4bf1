/** The open-loop client: each request leaves at its planned time, whatever became of the others. */

import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'hdr-histogram-js'
import { Agent, request as call, type Dispatcher } from 'undici'
import type { ClientEvent, Event, RawEvent } from '../../../history.ts'
import type { AskStep } from '../../../plan.ts'
import { bodyOf, pathOf } from '../../../providers/asked.ts'
import { hostNow } from '../part.ts'

export interface LoadOptions {
  asks: readonly AskStep[]
  /** Requests go to them in turn. */
  targets: readonly string[]
  /** The plan's time 0 on the host's clock. */
  origin: number
  key: string
  emit(event: RawEvent): void
  /** Fires to leave everything. */
  signal: AbortSignal
  /** A request that takes longer is given up, and counts as broken. */
  deadlineMs?: number
}

/** Resolves when the last request has ended; emits how late they left. */
export async function playLoad(options: LoadOptions): Promise<void> {
  const { asks, targets, origin, emit, signal } = options
  const dispatcher = new Agent({
    connections: null,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const lateness = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  })
  const under = new Set<Promise<void>>()
  let dropped = 0
  for (const [n, ask] of asks.entries()) {
    const plannedAt = origin + ask.at
    await reach(plannedAt, signal)
    if (signal.aborted) {
      dropped++
      emit(
        stamped(hostNow(), {
          kind: 'client-dropped',
          request: ask.request,
          plannedAt,
          because: 'the run was interrupted',
        }),
      )
      continue
    }
    lateness.recordValue(Math.max(1, Math.round((hostNow() - plannedAt) * 1000)))
    const one = send(ask, plannedAt, targets[n % targets.length]!, dispatcher, options).finally(() => under.delete(one))
    under.add(one)
  }
  await Promise.all(under)
  await dispatcher.destroy()
  const late = (p: number) => lateness.getValueAtPercentile(p) / 1000
  emit({
    at: hostNow(),
    from: 'client',
    kind: 'generator',
    planned: asks.length,
    sent: asks.length - dropped,
    dropped,
    latenessP50Ms: late(50),
    latenessP99Ms: late(99),
  })
}

async function send(
  ask: AskStep,
  plannedAt: number,
  target: string,
  dispatcher: Dispatcher,
  { emit, key, signal, deadlineMs = 30_000 }: LoadOptions,
) {
  const { request, session, shape, stream } = ask
  const tell = (event: ClientEvent) => emit(stamped(hostNow(), event))
  tell({ kind: 'client-sent', request, session, plannedAt, shape, stream })
  let status = 0
  let bytes = 0
  try {
    const reply = await call(target + pathOf[shape], {
      dispatcher,
      method: 'POST',
      body: bodyOf(ask),
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      headers: { 'content-type': 'application/json', 'x-api-key': key, 'x-request-id': request },
    })
    status = reply.statusCode
    const chunks: Buffer[] = []
    for await (const chunk of reply.body) {
      if (bytes === 0) tell({ kind: 'client-first-byte', request, status })
      bytes += chunk.length
      chunks.push(chunk)
    }
    const wrong = status < 300 ? flawOf(Buffer.concat(chunks).toString('utf8'), ask) : undefined
    const outcome = wrong ? 'broken' : status < 300 ? 'complete' : 'answered'
    tell({ kind: 'client-ended', request, outcome, status, bytes, ...(wrong && { because: wrong }) })
  } catch (error) {
    tell({
      kind: 'client-ended',
      request,
      outcome: signal.aborted ? 'aborted' : 'broken',
      status,
      bytes,
      because: String(error),
    })
  }
}

/** Why an answer that ended is not the whole answer; undefined when it is. */
function flawOf(text: string, { shape, stream }: AskStep): string | undefined {
  if (stream) {
    const last = shape === 'anthropic' ? 'event: message_stop' : 'data: [DONE]'
    return text.includes(last) ? undefined : `the stream ended without "${last}"`
  }
  try {
    JSON.parse(text)
  } catch {
    return 'the body is not JSON'
  }
}

const stamped = (at: number, event: ClientEvent): Event => ({ at, from: 'client', ...event })

/** A timer is late by a millisecond or two. Spinning would be exact, and would take a core from the storm it times. */
async function reach(at: number, signal: AbortSignal): Promise<void> {
  for (let left = at - hostNow(); left > 0 && !signal.aborted; left = at - hostNow()) await sleep(Math.min(left, 200))
}
