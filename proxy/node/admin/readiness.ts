/** Whether callers should be sent to this instance. */
import type { StorePolicy } from '../../config.ts'

export interface Readiness {
  ready: boolean
  draining: boolean
  /** Whether the last call to the store, at each provider's node, was answered. */
  store: 'reached' | 'away' | 'not yet reached'
  whenStoreIsAway: StorePolicy
}

/**
 * A draining instance is not ready, nor one that has never reached the store. Where the policy admits nobody while the store
 * is away, an instance without it is of no use. Under the others it still serves, and all of them leaving the balancer
 * together would make of a store's outage a whole one.
 */
export function readinessOf(draining: boolean, store: Readiness['store'], whenStoreIsAway: StorePolicy): Readiness {
  const useful = store === 'reached' || (store === 'away' && whenStoreIsAway !== 'closed')
  return { ready: useful && !draining, draining, store, whenStoreIsAway }
}
