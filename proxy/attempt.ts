/** One try at one provider: admit, send, relay; the slot goes back when the upstream is closed, however that came. */
import type { Admission } from './admission.ts'
import type { Outcome } from './events.ts'
import { type Failure, failureOfStatus, TransportError } from './failure.ts'
import { inspectorFor } from './inspect.ts'
import { startPatience } from './patience.ts'
import type { Millis, Ports } from './ports.ts'
import type { Provider, ProviderReply } from './provider.ts'
import type { Client, ProxyRequest } from './request.ts'
import type { Ending } from './tracker/tracker.ts'

export type Attempted =
  | { outcome: 'refused'; retryAfterMs: Millis }
  /** Nothing of it has reached the client; `reply` is the provider's own error, when there is one. */
  | { outcome: 'failed' | 'client-error'; failure: Failure; reply?: ErrorReply }
  /** The client has had something: no other provider may speak. */
  | { outcome: 'ok' | 'incomplete' | 'aborted' }

export interface ErrorReply {
  status: number
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

export async function attempt(
  provider: Provider,
  request: ProxyRequest,
  client: Client,
  ports: Ports,
  admission: Admission,
): Promise<Attempted> {
  const answer = await admission.admit(provider, request)
  if (!answer.admitted) return { outcome: 'refused', retryAfterMs: answer.retryAfterMs }
  const stop = new AbortController()
  const leave = () => stop.abort(clientLeft)
  client.signal.addEventListener('abort', leave, { once: true })
  const patience = startPatience(provider, ports.clock, reason => stop.abort(reason))
  let result: Attempted = { outcome: 'failed', failure: 'reset' }
  let because: string | undefined
  const relaying: Relaying = { begun: false }
  try {
    if (client.signal.aborted) throw clientLeft
    const reply = await ports.transport.send(provider, request, stop.signal)
    patience.progress()
    result =
      reply.status < 400
        ? await relay(reply, request, client, () => patience.progress(), relaying)
        : await readError(reply)
  } catch (thrown) {
    const error = stop.signal.aborted ? stop.signal.reason : thrown
    because = String(error)
    const failure = error instanceof TransportError ? error.failure : 'reset'
    result = client.signal.aborted
      ? { outcome: 'aborted' }
      : relaying.begun
        ? { outcome: 'incomplete' }
        : { outcome: 'failed', failure }
  } finally {
    patience.end()
    client.signal.removeEventListener('abort', leave)
    answer.release(endingOf(result.outcome))
  }
  ports.emit({
    kind: 'attempt-ended',
    request: request.id,
    session: request.session,
    provider: provider.id,
    token: answer.token,
    outcome: result.outcome,
    ...('failure' in result && { failure: result.failure }),
    ...(because !== undefined && { because }),
  })
  return result
}

interface Relaying {
  begun: boolean
}

/** Passes a good answer on as it comes. What cannot be trusted yet is held back, so that another provider may still speak. */
async function relay(
  reply: ProviderReply,
  request: ProxyRequest,
  client: Client,
  progress: () => void,
  relaying: Relaying,
): Promise<Attempted> {
  const inspector = inspectorFor(request.stream, request.shape, reply.headers['content-type'] ?? '')
  const heldBack: Uint8Array[] = []
  for await (const chunk of reply.chunks) {
    progress()
    const seen = inspector.see(chunk)
    if (!relaying.begun) {
      heldBack.push(chunk)
      if (seen === 'unsure') continue
      if (seen !== 'good') return { outcome: 'failed', failure: seen }
      relaying.begun = true
      client.begin(reply.status, reply.headers)
      for (const held of heldBack) await client.write(held)
    } else {
      await client.write(chunk)
      if (seen !== 'good') return { outcome: 'incomplete' }
    }
  }
  const wrong = inspector.end()
  if (!relaying.begun) return { outcome: 'failed', failure: wrong ?? 'empty-body' }
  return { outcome: wrong ? 'incomplete' : 'ok' }
}

const mostErrorBytes = 64 * 1024

async function readError(reply: ProviderReply): Promise<Attempted> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of reply.chunks) {
    chunks.push(chunk)
    size += chunk.length
    if (size > mostErrorBytes) break
  }
  const body = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  const failure = failureOfStatus(reply.status)
  const error: ErrorReply = { status: reply.status, headers: reply.headers, body }
  return { outcome: failure === 'client-error' ? 'client-error' : 'failed', failure, reply: error }
}

const endingOf = (outcome: Outcome): Ending =>
  outcome === 'ok' || outcome === 'client-error' ? 'success' : outcome === 'aborted' ? 'abort' : 'failure'

const clientLeft = new Error('the client has left')
