/** The msw handlers behind real HTTP, one port a provider; and the witness of what was really in flight. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpHandler } from 'msw'
import { systemClock } from '../../../../proxy/node/clock.ts'
import type { RawEvent } from '../../../history.ts'
import { type Behaviours, createBehaviours } from '../../../providers/behaviours.ts'
import { type FakeProvider, providerHandlers } from '../../../providers/handlers.ts'
import type { Behaviour, Pace } from '../../../providers/model.ts'
import { hostNow } from '../part.ts'
import { hostAttempt } from './attempt.ts'
import { createDoor } from './door.ts'

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
  /** From now on the provider behaves so; the answer is the way back. Whether anybody listens is a matter of the socket. */
  behave(id: string, behaviour: Behaviour): Promise<() => Promise<void>>
  /** Breaks off what is in flight; resolves when every attempt's end has been told. */
  stop(): Promise<void>
}

const clock = { ...systemClock, now: hostNow }

export async function serveProviders({ seed, providers, ports, emit }: ServeOptions): Promise<ServedProviders> {
  const played = providers.map(({ id, pace }) => ({ id, pace, behaviours: createBehaviours() }))
  const handlers = providerHandlers(played, { seed, clock })
  const served = played.map(provider => serveOne(provider, handlers, emit))
  const listening = await Promise.allSettled(served.map(({ listen }, n) => listen(ports?.[n] ?? 0)))
  const stop = async () => void (await Promise.all(served.map(one => one.stop())))
  const of = (id: string) => {
    const found = served.find(provider => provider.id === id)
    if (!found) throw new Error(`no provider ${id}`)
    return found
  }
  const failed = listening.find(result => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    ports: Object.fromEntries(served.map(({ id, server }) => [id, (server.address() as AddressInfo).port])),
    behaviours: id => of(id).behaviours,
    async behave(id, behaviour) {
      const { behaviours, door } = of(id)
      const undo = behaviours.behave(behaviour)
      await door.obey(behaviours)
      return async () => {
        undo()
        await door.obey(behaviours)
      }
    },
    stop,
  }
}

function serveOne(
  { id: provider, behaviours }: FakeProvider,
  handlers: HttpHandler[],
  emit: (event: RawEvent) => void,
) {
  const stopping = new AbortController()
  const inFlight = new Set<Promise<void>>()
  let attempts = 0
  const server: Server = createServer((incoming, outgoing) => {
    // It came on a connection of before: whoever refuses has no such thing.
    if (!server.listening) return void incoming.socket.resetAndDestroy()
    const attempt = `${provider}-${++attempts}`
    const over = hostAttempt(incoming, outgoing, { provider, attempt, handlers, emit, stopping: stopping.signal })
    inFlight.add(over)
    over.finally(() => {
      inFlight.delete(over)
      if (!server.listening) server.closeIdleConnections()
    })
  })
  // An idle connection of a proxy's pool must never be closed under a request that is just being sent on it.
  server.keepAliveTimeout = 0
  server.headersTimeout = 0
  server.requestTimeout = 0
  const door = createDoor(server, () => behaviours.count('refuses'))
  return {
    id: provider,
    behaviours,
    server,
    door,
    listen: (port: number) => door.open(port),
    async stop() {
      stopping.abort()
      await door.stop()
      if (server.listening) await new Promise<void>(resolve => server.close(() => resolve()).closeAllConnections())
      await Promise.all(inFlight)
    },
  }
}
