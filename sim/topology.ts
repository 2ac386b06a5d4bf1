/** What stands between the clients and the providers. */
import { type Manners, usualManners } from '../proxy/config.ts'
import type { Millis } from '../proxy/ports.ts'
import { type Provider, usualProvider } from '../proxy/provider.ts'
import type { Membership } from '../proxy/tracker/tracker.ts'

/** A provider of a scenario: everything but its address, which the world chooses. */
export type ProviderSpec = Omit<Provider, 'baseUrl'>

export interface Topology {
  providers: readonly ProviderSpec[]
  /** Proxy instances that share the store. */
  instances: number
  /** Instances, from 0, that begin in an older version, with this tracker on the same keys; once restarted they run the one that is played. */
  older?: { tracker: string; instances: readonly number[] }
  /** What membership means under the tracker that is played. */
  membership: Membership
  /**
   * How long a session may stay a member after a success, under `recently-active`. Longer than the run: such trackers remove
   * what has expired when somebody asks, and at rest nobody does.
   */
  windowMs: Millis
  /**
   * How long a session may be on its way: admitted and not yet at its provider, or ended and its release not yet applied.
   * Within it neither a ghost nor an uncounted session is claimed (residency is judged on its own, and much more strictly).
   */
  transitMs: Millis
  /** How every instance behaves. */
  manners: Manners
  /** How long a message to or from the store is under way, in the virtual world; without it 0.1 to 0.5 ms. */
  toStore?: { minMs: Millis; maxMs: Millis }
}

const providerDefaults = {
  ...usualProvider,
  heartbeatMs: 500,
  firstByteMs: 5_000,
  idleMs: 5_000,
  totalMs: 60_000,
  breaker: { ...usualProvider.breaker, failures: 0 },
} as const

/** A provider with the defaults of a scaled-down storm: H = 0.5 s, L = 2 s; one attempt a request, no breaker, no hedge. */
export const provider = (spec: Partial<ProviderSpec> & Pick<ProviderSpec, 'id' | 'limit'>): ProviderSpec => ({
  ...providerDefaults,
  ...spec,
})

/** Two proxy instances, in-flight membership, a window of 8 s, no stickiness; `providers` as given. */
export const topology = ({
  manners,
  ...given
}: Partial<Omit<Topology, 'manners'>> & Pick<Topology, 'providers'> & { manners?: Partial<Manners> }): Topology => ({
  instances: 2,
  membership: 'in-flight',
  windowMs: 8_000,
  transitMs: 100,
  manners: { ...usualManners, stickyMs: 0, ...manners },
  ...given,
})
