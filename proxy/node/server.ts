/** HTTP in, the core's `handle`, HTTP out. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { ProxyCore } from '../handle.ts'
import type { Shape } from '../provider.ts'
import { sendError } from '../reply.ts'
import type { Client, ProxyRequest } from '../request.ts'

export interface ServerOptions {
  /** Callers must present one of these; an empty list admits everybody. */
  keys: readonly string[]
  mostBodyBytes?: number
}

const shapes: Record<string, Shape> = { '/v1/messages': 'anthropic', '/v1/chat/completions': 'openai' }

/** End-to-end headers that mean something to a provider. A list of what may pass: keys, cookies and addresses never do. */
const passedOn = /^(content-type|accept|anthropic-version|anthropic-beta|openai-beta)$/

/** What the proxy itself must understand of a body; everything else passes through unread. */
const readBody = z.looseObject({
  stream: z.boolean().nullish(),
  user: z.string().nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
})

const mostSessionChars = 256

class Refused extends Error {
  readonly status: number
  readonly type: string
  constructor(status: number, type: string, message: string) {
    super(message)
    this.status = status
    this.type = type
  }
}

/** A server that is not listening yet. Bad input is answered in the caller's protocol and reaches no provider. */
export function serve(proxy: ProxyCore, { keys, mostBodyBytes = 10 * 1024 * 1024 }: ServerOptions): Server {
  const digests = keys.map(digest)
  return createServer((incoming, outgoing) => {
    const client = clientOf(outgoing)
    const path = (incoming.url ?? '').split('?', 1)[0]!
    const shape = shapes[path]
    const answer = async () => {
      if (!shape) throw new Refused(404, 'not_found_error', `no such endpoint: ${Object.keys(shapes).join(' or ')}`)
      if (incoming.method !== 'POST') throw new Refused(405, 'invalid_request_error', 'use POST')
      if (digests.length && !knows(digests, keyOf(incoming)))
        throw new Refused(401, 'authentication_error', 'unknown key')
      await proxy.handle(await readRequest(incoming, shape, mostBodyBytes), client)
    }
    answer().catch(error => {
      if (client.signal.aborted) return
      const refused = error instanceof Refused ? error : new Refused(500, 'api_error', 'the proxy failed')
      sendError(client, shape ?? 'openai', refused.status, refused.type, refused.message, { connection: 'close' })
    })
  })
}

async function readRequest(incoming: IncomingMessage, shape: Shape, mostBodyBytes: number): Promise<ProxyRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size > mostBodyBytes) throw new Refused(413, 'request_too_large', `a body may have ${mostBodyBytes} bytes`)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const parsed = readBody.safeParse(parseJson(body))
  if (!parsed.success)
    throw new Refused(400, 'invalid_request_error', z.prettifyError(parsed.error).replaceAll('\n', ' '))
  const { stream, user, metadata } = parsed.data
  const id = header(incoming, 'x-request-id') ?? randomUUID()
  const session = header(incoming, 'x-session-id') ?? metadata?.user_id ?? user ?? id
  if (session.length > mostSessionChars)
    throw new Refused(400, 'invalid_request_error', `a session id may have ${mostSessionChars} characters`)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) if (passedOn.test(name)) headers[name] = String(value)
  return { id, session, shape, stream: stream ?? false, body, headers }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refused(400, 'invalid_request_error', 'the body is not JSON')
  }
}

function clientOf(outgoing: ServerResponse): Client {
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort(new Error('the client has left'))
  })
  return {
    signal: gone.signal,
    begin: (status, headers) => void outgoing.writeHead(status, headers),
    write: chunk =>
      new Promise((resolve, reject) => {
        if (gone.signal.aborted) return reject(gone.signal.reason)
        if (outgoing.write(chunk)) return resolve()
        // Back-pressure: the next upstream chunk waits until this client has taken what it was sent.
        const settle = () => {
          outgoing.off('drain', settle)
          outgoing.off('close', settle)
          gone.signal.aborted ? reject(gone.signal.reason) : resolve()
        }
        outgoing.on('drain', settle).on('close', settle)
      }),
    end: () => void outgoing.end(),
    // What was written leaves first, and then the connection ends without the reply's last chunk: broken, and nothing lost.
    cut: () => void setImmediate(() => outgoing.socket?.destroySoon()),
  }
}

const header = (incoming: IncomingMessage, name: string) => {
  const value = incoming.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const keyOf = (incoming: IncomingMessage) =>
  header(incoming, 'x-api-key') ?? header(incoming, 'authorization')?.replace(/^Bearer /i, '') ?? ''

/** Equal lengths, so that the comparison takes the same time whatever was sent. */
const digest = (key: string) => createHash('sha256').update(key).digest()

function knows(digests: readonly Buffer[], key: string) {
  const given = digest(key)
  return digests.reduce((found, known) => timingSafeEqual(known, given) || found, false)
}
