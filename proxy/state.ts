/** What an instance says of itself. */
import type { BreakerState } from './events.ts'
import type { InFlight } from './in-flight.ts'
import type { Leases } from './leases.ts'
import type { Outbox } from './outbox.ts'
import type { Millis } from './ports.ts'
import type { Reach } from './reach.ts'
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
  /** The store is known not to answer for it: the declared policy admits. */
  storeAway: boolean
}

export const stateOf = (
  draining: boolean,
  inFlight: InFlight,
  standings: readonly Standing[],
  leases: Leases,
  reach: Reach,
  outbox: Outbox,
): ProxyState => ({
  draining,
  requestsInFlight: inFlight.requests.size,
  providers: standings.map(({ provider, inFlight, breaker }) => ({
    id: provider.id,
    limit: provider.limit,
    inFlight,
    held: leases.countAt(provider),
    unleased: leases.unleasedAt(provider),
    breaker: breaker.state,
    storeAway: reach.isAway(provider.id),
  })),
  outbox: outbox.pending(),
})
