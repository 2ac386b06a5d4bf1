/** A request as the core wants it, read from HTTP within the limits. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Shape } from '../../provider.ts'
import type { ProxyRequest } from '../../request.ts'
import { Refused } from './refused.ts'
import type { Room } from './room.ts'

/** End-to-end headers that mean something to a provider. A list of what may pass: keys, cookies and addresses never do. */
const passedOn = ['accept', 'anthropic-version', 'anthropic-beta', 'openai-beta'] as const

/** What the proxy itself must understand of a body; everything else passes through unread. */
const readBody = z.looseObject({
  stream: z.boolean().nullish(),
  user: z.string().nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
})

const mostSessionChars = 256

export async function readRequest(
  incoming: IncomingMessage,
  shape: Shape,
  id: string,
  mostBytes: number,
  room: Room,
): Promise<ProxyRequest> {
  const body = await bodyOf(incoming, mostBytes, room)
  if (incoming.headers['content-encoding'] !== undefined)
    throw new Refused(415, 'invalid_request_error', 'send the body without a content-encoding')
  const parsed = readBody.safeParse(parseJson(body))
  if (!parsed.success) throw new Refused(400, 'invalid_request_error', oneLine(parsed.error))
  const { stream, user, metadata } = parsed.data
  const session = header(incoming, 'x-session-id') ?? metadata?.user_id ?? user ?? id
  if (session.length > mostSessionChars)
    throw new Refused(400, 'invalid_request_error', `a session id may have ${mostSessionChars} characters`)
  const headers: Record<string, string> = {}
  for (const name of passedOn) {
    const value = header(incoming, name)
    if (value !== undefined) headers[name] = value
  }
  return { id, session, shape, stream: stream ?? false, body, headers }
}

/** Rejects when the caller leaves before its end, with the socket's error. */
function bodyOf(incoming: IncomingMessage, mostBytes: number, room: Room): Promise<Buffer> {
  const tooLarge = () => new Refused(413, 'request_too_large', `a body may have ${mostBytes} bytes`)
  if (Number(incoming.headers['content-length'] ?? 0) > mostBytes) return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > mostBytes) give(tooLarge())
      else if (!room.take(chunk.length)) give(overloaded())
      else chunks.push(chunk)
    }
    const give = (error: unknown) => {
      incoming.off('data', take)
      reject(error)
    }
    incoming
      .on('data', take)
      .once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      .once('error', give)
  })
}

/** Local overload: it is this instance that is full, and another one may not be. */
export const overloaded = () =>
  new Refused(503, 'overloaded_error', 'the proxy is busy, try again', { 'retry-after': '1' })

function parseJson(body: Buffer): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString('utf8'))
  } catch {}
  throw new Refused(400, 'invalid_request_error', 'the body is not JSON')
}

const oneLine = (error: z.ZodError) => z.prettifyError(error).replaceAll('\n', ' ')

/** Printable ASCII alone; anything else has no meaning in the headers that are read here. */
function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name]
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) ? value : undefined
}
