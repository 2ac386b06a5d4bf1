/** The msw handlers behind real HTTP, one port a provider; and the witness of what was really in flight. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getResponse, type HttpHandler } from 'msw'
import type { Event, ProviderEvent, RawEvent } from '../../../history.ts'
import { readAsked } from '../../../providers/asked.ts'
import { type Behaviours, createBehaviours } from '../../../providers/behaviours.ts'
import { originOf, providerHandlers } from '../../../providers/handlers.ts'
import type { Pace } from '../../../providers/model.ts'
import { hostNow } from '../part.ts'

export interface ServeOptions {
  seed: number
  providers: readonly { id: string; pace: Pace }[]
  emit(event: RawEvent): void
}

export interface ServedProviders {
  ports: Readonly<Record<string, number>>
  behaviours(id: string): Behaviours
  stop(): Promise<void>
}

export async function serveProviders({ seed, providers, emit }: ServeOptions): Promise<ServedProviders> {
  const played = providers.map(({ id, pace }) => ({ id, pace, behaviours: createBehaviours() }))
  const handlers = providerHandlers(played, { seed, sleep: (ms, signal) => sleep(ms, undefined, { signal }) })
  const servers = await Promise.all(
    played.map(async ({ id }) => {
      let attempts = 0
      const server = createServer((incoming, outgoing) => {
        host(id, `${id}-${++attempts}`, incoming, outgoing, handlers, emit).catch(() => outgoing.destroy())
      })
      // An idle connection of the proxy's pool must not be closed under a request that is just being sent on it.
      server.keepAliveTimeout = 120_000
      server.requestTimeout = 0
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return { id, server }
    }),
  )
  return {
    ports: Object.fromEntries(servers.map(({ id, server }) => [id, (server.address() as AddressInfo).port])),
    behaviours(id) {
      const found = played.find(provider => provider.id === id)
      if (!found) throw new Error(`no provider ${id}`)
      return found.behaviours
    },
    async stop() {
      for (const { server } of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

async function host(provider: string, attempt: string, incoming: IncomingMessage, outgoing: ServerResponse, handlers: HttpHandler[], emit: (event: RawEvent) => void) {
  const beganAt = hostNow()
  const body = await readAll(incoming)
  const path = incoming.url ?? '/'
  const asked = readAsked(path, body)
  const about = { provider, attempt, request: asked?.request ?? '', session: asked?.session ?? '' }
  const tell = (event: ProviderEvent, at: number) => emit({ at, from: 'providers', ...event } as Event)
  tell({ kind: 'provider-began', ...about }, beganAt)
  let lastWrite = beganAt
  let brokeOff = false
  const over = new Promise<void>(resolve =>
    outgoing.once('close', () => {
      const at = hostNow()
      const whole = outgoing.writableFinished
      const outcome = brokeOff ? 'failed' : !whole ? 'peer-closed' : outgoing.statusCode < 400 ? 'served' : 'failed'
      tell({ kind: 'provider-ended', ...about, outcome, status: outgoing.statusCode, since: outcome === 'peer-closed' ? lastWrite : at }, at)
      resolve()
    }),
  )
  const request = new Request(originOf(provider) + path, { method: incoming.method ?? 'GET', headers: headersOf(incoming), ...(body && { body }) })
  const response = await getResponse(handlers, request)
  if (!response?.body) {
    outgoing.writeHead(response?.status ?? 404).end()
    return over
  }
  const reader = response.body.getReader()
  outgoing.once('close', () => reader.cancel().catch(() => {}))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || outgoing.destroyed) break
      lastWrite = hostNow()
      if (!outgoing.write(value)) await Promise.race([once(outgoing, 'drain'), over])
    }
    outgoing.end()
  } catch {
    brokeOff = true
    outgoing.destroy()
  }
  return over
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const headersOf = (incoming: IncomingMessage) =>
  Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] => (typeof value === 'string' ? [[name, value]] : []))
