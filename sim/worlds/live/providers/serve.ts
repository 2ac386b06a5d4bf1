/** The msw handlers behind real HTTP, one port a provider; and the witness of what was really in flight. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpHandler } from 'msw'
import { systemClock } from '../../../../proxy/node/clock.ts'
import type { RawEvent } from '../../../history.ts'
import { type Behaviours, createBehaviours } from '../../../providers/behaviours.ts'
import { providerHandlers } from '../../../providers/handlers.ts'
import type { Pace } from '../../../providers/model.ts'
import { hostNow } from '../part.ts'
import { hostAttempt } from './attempt.ts'

export interface ServeOptions {
  seed: number
  providers: readonly { id: string; pace: Pace }[]
  /** In the order of the providers; a free port where none is given. */
  ports?: readonly number[]
  emit(event: RawEvent): void
}

export interface ServedProviders {
  ports: Readonly<Record<string, number>>
  behaviours(id: string): Behaviours
  /** Breaks off what is in flight; resolves when every attempt's end has been told. */
  stop(): Promise<void>
}

const clock = { ...systemClock, now: hostNow }

export async function serveProviders({ seed, providers, ports, emit }: ServeOptions): Promise<ServedProviders> {
  const played = providers.map(({ id, pace }) => ({ id, pace, behaviours: createBehaviours() }))
  const handlers = providerHandlers(played, { seed, clock })
  const served = played.map(({ id }) => serveOne(id, handlers, emit))
  const listening = await Promise.allSettled(served.map(({ listen }, n) => listen(ports?.[n] ?? 0)))
  const stop = async () => void (await Promise.all(served.map(one => one.stop())))
  const failed = listening.find(result => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    ports: Object.fromEntries(served.map(({ id, server }) => [id, (server.address() as AddressInfo).port])),
    behaviours(id) {
      const found = played.find(provider => provider.id === id)
      if (!found) throw new Error(`no provider ${id}`)
      return found.behaviours
    },
    stop,
  }
}

function serveOne(provider: string, handlers: HttpHandler[], emit: (event: RawEvent) => void) {
  const stopping = new AbortController()
  const inFlight = new Set<Promise<void>>()
  let attempts = 0
  const server: Server = createServer((incoming, outgoing) => {
    const attempt = `${provider}-${++attempts}`
    const over = hostAttempt(incoming, outgoing, { provider, attempt, handlers, emit, stopping: stopping.signal })
    inFlight.add(over)
    over.finally(() => inFlight.delete(over))
  })
  // An idle connection of a proxy's pool must never be closed under a request that is just being sent on it.
  server.keepAliveTimeout = 0
  server.headersTimeout = 0
  server.requestTimeout = 0
  return {
    id: provider,
    server,
    async listen(port: number) {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async stop() {
      stopping.abort()
      if (server.listening) await new Promise<void>(resolve => server.close(() => resolve()).closeAllConnections())
      await Promise.all(inFlight)
    },
  }
}
