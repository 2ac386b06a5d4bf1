/** One attempt at a provider, from the request's head to the closed response: it is answered, and its truth is told. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { getResponse, type HttpHandler } from 'msw'
import type { ProviderEvent, RawEvent } from '../../../history.ts'
import { readAsked } from '../../../providers/asked.ts'
import { answerIn, originOf } from '../../../providers/handlers.ts'
import { isGood } from '../../../providers/model.ts'
import { BrokeOff } from '../../../providers/speak.ts'
import { retryAfterIn } from '../../../providers/wire.ts'
import { hostNow } from '../part.ts'

export interface AttemptOptions {
  provider: string
  attempt: string
  handlers: HttpHandler[]
  emit(event: RawEvent): void
  /** Aborted when the server itself breaks off what is in flight. */
  stopping: AbortSignal
}

/**
 * Tells one began, stamped when the head had arrived, and one ended, stamped when the response was closed, whatever happens
 * in between. Resolves after the second; never rejects.
 */
export async function hostAttempt(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { provider, attempt, handlers, emit, stopping }: AttemptOptions,
): Promise<void> {
  const beganAt = hostNow()
  const closed = closeOf(incoming, outgoing)
  const body = await textOf(incoming)
  const path = incoming.url ?? '/'
  const asked = readAsked(path, body)
  const about = { provider, attempt, request: asked?.request ?? '', session: asked?.session ?? '' }
  const tell = (at: number, event: ProviderEvent) => emit({ at, from: 'providers', ...event })
  tell(beganAt, { kind: 'provider-began', ...about })

  const said: Said = { status: 0, lastWrite: beganAt, brokeOff: false, all: false, good: false }
  try {
    const request = new Request(originOf(provider) + path, {
      method: incoming.method ?? 'GET',
      headers: headersOf(incoming),
      ...(body !== '' && { body }),
    })
    await say(await getResponse(handlers, request), outgoing, closed, said)
  } catch (error) {
    said.brokeOff = true
    if (error instanceof BrokeOff && error.how === 'reset') incoming.socket.resetAndDestroy()
    else outgoing.destroy()
  }
  const at = await closed
  const { status, lastWrite, retryAfterMs, all } = said
  const whole = outgoing.writableFinished
  const ours = said.brokeOff || (stopping.aborted && !whole)
  const spoilt = all && !said.good
  const outcome = whole && said.good ? 'served' : whole || ours || spoilt ? 'failed' : 'peer-closed'
  const since = outcome === 'peer-closed' ? lastWrite : at
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  tell(at, { kind: 'provider-ended', ...about, outcome, status, since, ...wait })
}

/** What has been said so far: `status` is 0 until something has left, `lastWrite` is that of the last chunk that somebody was there for. */
interface Said {
  status: number
  lastWrite: number
  brokeOff: boolean
  /** Everything has been said, and whether it was what was asked for. */
  all: boolean
  good: boolean
  retryAfterMs?: number | undefined
}

/** Writes the response chunk by chunk, each after the one before has left this process. Rejects when the response breaks. */
async function say(
  response: Response | undefined,
  outgoing: ServerResponse,
  closed: Promise<unknown>,
  said: Said,
): Promise<void> {
  const status = response?.status ?? 404
  const reader = response?.body?.getReader()
  // Frees a read that waits for a provider's next word when the other side leaves.
  closed.then(() => reader?.cancel()).catch(() => {})
  if (outgoing.destroyed) return
  said.retryAfterMs = retryAfterIn(response?.headers.get('retry-after'))
  outgoing.writeHead(status, Object.fromEntries(response?.headers ?? []))
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (outgoing.destroyed) return
    if (done) break
    const at = hostNow()
    // Waiting for the write also lets a chunk leave before a cut that follows at once.
    if (!(await Promise.race([written(outgoing, value), closed.then(() => false)]))) return
    said.status = status
    void unlessClosed(outgoing, () => {
      said.lastWrite = at
    })
  }
  const answer = response && answerIn(response)
  Object.assign(said, { status, all: true, good: answer !== undefined && isGood(answer) })
  outgoing.end()
}

/**
 * A write succeeds although the other side has left, when this process was too busy to hear of it. Whoever has left has been
 * heard after two turns of the loop.
 */
async function unlessClosed(outgoing: ServerResponse, then: () => void): Promise<void> {
  await setImmediate()
  await setImmediate()
  if (!outgoing.destroyed) then()
}

const written = (outgoing: ServerResponse, chunk: Uint8Array): Promise<boolean> =>
  new Promise(resolve => outgoing.write(chunk, error => resolve(!error)))

/** When the exchange was over. The socket is asked too, because a pipelined response that never got it emits no close. */
function closeOf({ socket }: IncomingMessage, outgoing: ServerResponse): Promise<number> {
  // A write that meets a closed connection is no error here: the close tells.
  outgoing.on('error', () => {})
  return new Promise(resolve => {
    const close = () => {
      socket.off('close', close)
      resolve(hostNow())
    }
    outgoing.once('close', close)
    socket.once('close', close)
  })
}

/** The body, or nothing when the other side left while sending it. */
async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(chunk)
  } catch {
    return ''
  }
  return Buffer.concat(chunks).toString('utf8')
}

const headersOf = ({ headers }: IncomingMessage) =>
  Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
