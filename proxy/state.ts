/** What an instance says of itself. */
import type { Admission } from './admission.ts'
import type { BreakerState } from './events.ts'
import type { InFlight } from './in-flight.ts'
import type { Outbox } from './outbox.ts'
import type { Millis } from './ports.ts'
import type { Standing } from './standing.ts'

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

export const stateOf = (
  draining: boolean,
  inFlight: InFlight,
  standings: readonly Standing[],
  admission: Admission,
  outbox: Outbox,
): ProxyState => ({
  draining,
  requestsInFlight: inFlight.requests.size,
  providers: standings.map(({ provider, inFlight, breaker }) => ({
    id: provider.id,
    limit: provider.limit,
    inFlight,
    held: admission.holdsAt(provider).length,
    unleased: 0,
    breaker: breaker.state,
  })),
  outbox: { ...outbox.pending(), dropped: 0 },
})
