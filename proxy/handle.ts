/** The straight line from a request to the end of its reply. */

import { createAdmission } from './admission.ts'
import { type Attempted, attempt } from './attempt.ts'
import { order } from './choose.ts'
import type { ProxyConfig } from './config.ts'
import type { BreakerState } from './events.ts'
import { beat } from './heartbeat.ts'
import { InFlight } from './in-flight.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Millis, Ports } from './ports.ts'
import { reply, sendError } from './reply.ts'
import type { Client, ProxyRequest } from './request.ts'
import { memberOf } from './tracker/keys.ts'
import type { AuditReport } from './tracker/tracker.ts'

export interface ProxyCore {
  /** Answers the client, whatever happens; resolves when the last of its attempts has ended. Never rejects. */
  handle(request: ProxyRequest, client: Client): Promise<void>
  /** Keeps leases alive until the signal fires. */
  run(signal: AbortSignal): Promise<void>
  outbox: Outbox
  /**
   * Stops admitting (new requests get an honest 503 with Retry-After), waits for what runs, aborts the rest at the deadline,
   * empties the outbox. Resolves when nothing is left or the outbox gave up.
   */
  drain(deadlineMs: Millis): Promise<void>
  state(): ProxyState
  /**
   * Ends a session everywhere: its attempts here are aborted now, those on other instances at their next heartbeat; slots
   * go back when each upstream is closed. Answers how many attempts the store has marked, over all providers.
   */
  terminate(session: string): Promise<{ attempts: number }>
  /** Members of each provider's active set (anchor left out), one call per slot, in parallel. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** Rebuilds a provider's counts from its attempts, in bounded batches. */
  audit(provider: string): Promise<AuditReport>
  /** From the next admission on. */
  setLimit(provider: string, limit: number): void
}

export interface ProxyState {
  draining: boolean
  requestsInFlight: number
  providers: readonly ProviderState[]
  outbox: { count: number; oldestMs: Millis; dropped: number }
}

export interface ProviderState {
  id: string
  limit: number
  /** Attempts whose upstream call is open. */
  inFlight: number
  /** Slots that this instance holds. */
  held: number
  /** Of them, how many have a lease that can no longer be vouched for. */
  unleased: number
  breaker: BreakerState
}

export function createProxy(given: ProxyConfig, ports: Ports): ProxyCore {
  // Limits may change while the proxy runs: the providers are its own.
  const config = { ...given, providers: given.providers.map(provider => ({ ...provider })) }
  const outbox = createOutbox(ports)
  const admission = createAdmission(config, ports, outbox)
  const inFlight = new InFlight()
  let requestsInFlight = 0
  let draining = false
  const named = (id: string) => {
    const provider = config.providers.find(known => known.id === id)
    if (!provider) throw new Error(`no provider ${id}`)
    return provider
  }
  const operator = () => {
    if (!ports.tracker.operator) throw new Error('this tracker has no operator’s actions')
    return ports.tracker.operator
  }
  return {
    outbox,
    run: signal => beat(config, ports, admission, signal),
    async handle(request, client) {
      requestsInFlight++
      ports.emit({ kind: 'request-began', request: request.id, session: request.session })
      const attempts: Attempted[] = []
      if (draining) {
        sendError(client, request.shape, 503, 'api_error', 'this proxy is closing', { 'retry-after': '1' })
        requestsInFlight--
        return ports.emit({ kind: 'request-ended', request: request.id, outcome: 'refused', attempts: 0 })
      }
      for (const provider of order(config.providers, ports.chance.of('order', request.id))) {
        if (client.signal.aborted) break
        const attempted = await attempt(provider, request, client, ports, admission)
        attempts.push(attempted)
        if (!switches(attempted)) break
      }
      const outcome = reply(attempts, request, client)
      ports.emit({ kind: 'request-ended', request: request.id, outcome, attempts: attempts.length })
      requestsInFlight--
    },
    async drain(deadlineMs) {
      draining = true
      const deadline = ports.clock.now() + deadlineMs
      while (requestsInFlight && ports.clock.now() < deadline) await ports.clock.sleep(10)
      inFlight.stopAll()
      await outbox.empty()
      ports.emit({ kind: 'drained' })
    },
    state: () => ({
      draining,
      requestsInFlight,
      providers: config.providers.map(({ id, limit }) => {
        const held = admission.holdsAt(named(id)).length
        return { id, limit, inFlight: held, held, unleased: 0, breaker: 'closed' }
      }),
      outbox: { ...outbox.pending(), dropped: 0 },
    }),
    async terminate(session) {
      const { terminate } = operator()
      inFlight.onTerminated(memberOf(session))
      const marked = await Promise.all(config.providers.map(provider => terminate(provider, memberOf(session))))
      return { attempts: marked.reduce((sum, count) => sum + count, 0) }
    },
    async counts() {
      const { count } = operator()
      const counts = await Promise.all(config.providers.map(async provider => [provider.id, await count(provider)]))
      return Object.fromEntries(counts)
    },
    audit: async id => operator().audit(named(id)),
    setLimit(id, limit) {
      named(id).limit = limit
    },
  }
}

/** A full provider or a failed attempt leads to the next one; an answer, a client's own error or a departure does not. */
const switches = ({ outcome }: Attempted) => outcome === 'refused' || outcome === 'failed'
