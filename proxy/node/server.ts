/** HTTP in, the core's `handle`, HTTP out. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ProxyCore } from '../handle.ts'
import type { Shape } from '../provider.ts'
import type { ProxyRequest } from '../request.ts'
import { answerBroken } from './server/broken-request.ts'
import { callerKeys } from './server/caller-keys.ts'
import { clientOf } from './server/client.ts'
import { type ServerLimits, serverLimits } from './server/limits.ts'
import { overloaded, readRequest } from './server/read-request.ts'
import { refuse } from './server/refuse.ts'
import { Refused } from './server/refused.ts'
import { createRooms } from './server/room.ts'

export interface ServerOptions {
  /** Callers must present one of these; an empty list admits everybody. */
  keys: readonly string[]
  limits?: Partial<ServerLimits>
  /** The protocols it answers; undefined: every one. */
  shapes?: readonly Shape[]
  watch?: ServerWatch
  /** Told of errors that should not be: the caller hears no more than that there was one. */
  report?(error: unknown): void
}

/** Told as it happens. */
export interface ServerWatch {
  /** Answered without asking the core. */
  refused(status: number): void
  /** Closed at once: there were too many. */
  connectionDropped(): void
  /** The whole request is here. */
  began(request: ProxyRequest): void
  /** Its reply begins. */
  firstByte(request: ProxyRequest): void
  /** Nothing of it is left. */
  ended(request: ProxyRequest): void
}

export interface ProxyServer {
  /** Not listening yet. */
  server: Server
  /** From now on every reply is the last one of its connection. */
  closeConnections(): void
}

/** Matched to the letter: nothing is normalised, so nothing can hide in it. */
const endpoints: readonly (readonly [path: string, Shape])[] = [
  ['/v1/messages', 'anthropic'],
  ['/v1/chat/completions', 'openai'],
]

/** Bad input is answered in the caller's protocol and reaches no provider. */
export function serve(core: Pick<ProxyCore, 'handle'>, options: ServerOptions): ProxyServer {
  const { keys, watch } = options
  const limits = { ...serverLimits, ...options.limits }
  const shapes = new Map(endpoints.filter(([, shape]) => options.shapes?.includes(shape) ?? true))
  const mayCall = callerKeys(keys)
  const roomOf = createRooms(limits.bufferedBytes)
  const inFlight = new Set<string>()
  let closing = false

  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.headersMs, limits.requestMs),
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.max(50, Math.min(limits.headersMs, limits.requestMs) / 10),
    insecureHTTPParser: false,
  })
  server.maxConnections = limits.connections
  if (watch) server.on('drop', () => watch.connectionDropped())
  const began = answerBroken(server, status => watch?.refused(status))

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, waitsToSend: boolean) {
    const shape = shapes.get(pathOf(incoming))
    began(incoming, outgoing, shape)
    incoming.socket.setTimeout(0)
    const id = idOf(incoming, inFlight)
    const room = roomOf()
    try {
      mayEnter(incoming, shape)
      inFlight.add(id)
      if (waitsToSend) outgoing.writeContinue()
      const request = await readRequest(incoming, shape, id, limits.bodyBytes, room)
      watch?.began(request)
      const client = clientOf(outgoing, {
        headers: () => ({ 'x-request-id': id, ...(closing && { connection: 'close' }) }),
        stalledMs: limits.stalledMs,
        ...(watch && { begun: () => watch.firstByte(request) }),
      })
      await core.handle(request, client)
      watch?.ended(request)
    } catch (error) {
      if (outgoing.destroyed) return
      if (!(error instanceof Refused)) options.report?.(error)
      const refused = error instanceof Refused ? error : new Refused(500, 'api_error', 'the proxy failed')
      watch?.refused(refused.status)
      refuse(incoming, outgoing, refused, shape, id)
    } finally {
      inFlight.delete(id)
      room.leave()
    }
  }

  function mayEnter(incoming: IncomingMessage, shape: Shape | undefined): asserts shape is Shape {
    if (!shape) throw new Refused(404, 'not_found_error', `no such endpoint: ${[...shapes.keys()].join(' or ')}`)
    if (incoming.method !== 'POST') throw new Refused(405, 'invalid_request_error', 'use POST', { allow: 'POST' })
    if (!mayCall(incoming)) throw new Refused(401, 'authentication_error', 'unknown key')
    if (inFlight.size >= limits.requests) throw overloaded()
  }

  // Node's clock for headers starts with their first byte: a connection that sends none would stay for ever.
  server.on('connection', socket => void socket.setTimeout(limits.headersMs))
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing, false))
  // A body that will be refused need not be sent.
  server.on('checkContinue', (incoming, outgoing) => void answer(incoming, outgoing, true))
  return {
    server,
    closeConnections() {
      closing = true
      server.closeIdleConnections()
    },
  }
}

const pathOf = ({ url = '' }: IncomingMessage) => {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

/** The caller's own id, if it can stand in a log and names nothing else that is in flight. */
function idOf({ headers }: IncomingMessage, inFlight: ReadonlySet<string>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) && !inFlight.has(given) ? given : randomUUID()
}
