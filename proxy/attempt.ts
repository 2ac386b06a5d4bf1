/** One try at one provider, from its slot on: send, relay; the slot goes back when the upstream is closed, however that came. */
import type { Slot } from './admission.ts'
import { type Attempted, endedBy, failureOf } from './attempted.ts'
import { Call } from './call.ts'
import type { Candidate } from './choose.ts'
import { consequencesOf, failureOfStatus, TransportError } from './failure.ts'
import type { Ports } from './ports.ts'
import type { ProviderReply } from './provider.ts'
import { relay } from './relay.ts'
import type { Running } from './running.ts'

/** Takes over the slot and the candidate's permit, and gives both back. Never rejects. */
export async function attempt(
  { standing, permit }: Candidate,
  slot: Slot,
  running: Running,
  { clock, transport, emit }: Ports,
): Promise<Attempted> {
  const { provider } = standing
  const { request } = running
  const call = new Call(provider, slot.token, clock)
  let attempted: Attempted = { outcome: 'failed', failure: 'reset' }
  let because: string | undefined
  standing.inFlight++
  running.opened(call)
  try {
    const reply = await transport.send(provider, request, call.signal)
    call.patience.progress()
    attempted = reply.status < 400 ? await relay(reply, call, running) : await readError(reply, call, running)
  } catch (thrown) {
    because = String(call.stopped ? call.signal.reason : thrown)
    attempted = brokenOff(thrown, call, running)
  } finally {
    call.patience.end()
    running.closed(call)
    standing.inFlight--
    const failure = failureOf(attempted)
    slot.release(failure ? consequencesOf(failure).ending : 'success')
    standing.ended(permit, clock.now(), failure, 'reply' in attempted ? attempted.reply?.headers : undefined)
  }
  const failure = failureOf(attempted)
  emit({
    kind: 'attempt-ended',
    request: request.id,
    session: request.session,
    provider: provider.id,
    token: slot.token,
    outcome: attempted.outcome,
    ...(failure && { failure }),
    ...(because !== undefined && { because }),
  })
  return attempted
}

function brokenOff(thrown: unknown, call: Call, running: Running): Attempted {
  // The client refuses what it is sent: it has gone, whether or not its signal says so.
  if (!call.stopped && call.patience.held) running.stop('client-abort')
  const failure = call.stopped ?? (thrown instanceof TransportError ? thrown.failure : 'reset')
  // The client has the whole answer: what its provider did after that is no matter.
  if (call.complete && consequencesOf(failure).breaker) return { outcome: 'ok' }
  return endedBy(failure, call, running)
}

const mostErrorBytes = 64 * 1024

async function readError(reply: ProviderReply, call: Call, running: Running): Promise<Attempted> {
  const { status, headers } = reply
  const body = await bodyOf(reply, call)
  const failure = failureOfStatus(status)
  // What would fail everywhere is an answer: it ends a race.
  if (!consequencesOf(failure).elsewhere) running.take(call)
  const attempted = endedBy(failure, call, running)
  return attempted.outcome === 'failed' || attempted.outcome === 'client-error'
    ? { ...attempted, reply: { status, headers, ...(body && { body }) } }
    : attempted
}

/** Undefined where it does not come whole, or is too long to be kept: the status alone says enough. */
async function bodyOf({ chunks }: ProviderReply, call: Call): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of chunks) {
      call.patience.progress()
      pieces.push(chunk)
      size += chunk.length
      if (size > mostErrorBytes) return undefined
    }
  } catch (error) {
    if (call.stopped && !consequencesOf(call.stopped).breaker) throw error
    return undefined
  }
  const body = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    body.set(piece, at)
    at += piece.length
  }
  return body
}
