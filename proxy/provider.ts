/** An AI provider as the proxy knows it, and what it answers. */
import type { Millis } from './ports.ts'

/** The two wire formats the proxy passes through. */
export type Shape = 'anthropic' | 'openai'

export interface Provider {
  /** Stands in the Redis hash tag `{provider:<id>}`: letters, digits, `.`, `_` and `-` only. */
  id: string
  /** Where it listens, without the path of an endpoint. Never taken from a request. */
  baseUrl: string
  /** The protocols it speaks; undefined: every one. */
  shapes?: readonly Shape[] | undefined
  /** Most sessions (or attempts, by `unit`) in flight at once; 0: unlimited, and still tracked. */
  limit: number
  unit: 'session' | 'attempt'
  /** Lower is tried first; equal priorities are drawn by weight. */
  priority: number
  weight: number
  /** H: how often live attempts are renewed. A lease is 4 H. */
  heartbeatMs: Millis
  /** How long a released token is remembered, in lease time: longer than any copy of a command may be delayed. */
  tombstoneMs: Millis
  firstByteMs: Millis
  idleMs: Millis
  totalMs: Millis
  /** Attempts at this provider per request, the first included. */
  attempts: number
  /**
   * Retries and hedges beyond first tries, shared by all requests of an instance: a token bucket. Each first try at the
   * provider earns `ratio`, up to `burst`.
   */
  retryBudget: { ratio: number; burst: number }
  /**
   * Opens at `failures` failures with no success between them, the first at most `windowMs` before the last; 0 failures:
   * never. After `openMs` it lets `probes` attempts through at a time, until one succeeds (closed) or fails (open again).
   */
  breaker: { failures: number; windowMs: Millis; openMs: Millis; probes: number }
  /** Undefined: no hedging. A slow first byte (after `afterMs`) starts a second attempt at another provider. */
  hedge?: { afterMs: Millis; loser: 'abort' | 'drain' } | undefined
}

/** What a provider has where nobody says otherwise. */
export const usualProvider = {
  unit: 'session',
  priority: 1,
  weight: 1,
  heartbeatMs: 2_000,
  tombstoneMs: 30_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
  attempts: 1,
  retryBudget: { ratio: 0.2, burst: 10 },
  breaker: { failures: 5, windowMs: 10_000, openMs: 10_000, probes: 1 },
} as const satisfies Partial<Provider>

export const speaks = ({ shapes }: Provider, shape: Shape): boolean => shapes === undefined || shapes.includes(shape)

/** L = 4 H: three beats may be lost before a live attempt is given up. */
export const leaseMs = (provider: Pick<Provider, 'heartbeatMs'>): Millis => 4 * provider.heartbeatMs

/** How long a session stays ended that an operator has ended, at whichever provider. */
export const longestLeaseMs = (providers: readonly Pick<Provider, 'heartbeatMs'>[]): Millis =>
  Math.max(...providers.map(leaseMs))

/** Of the sessions (or attempts) it may have in flight, with 0 read as it is meant. */
export const mostInFlight = ({ limit }: Pick<Provider, 'limit'>): number => limit || Number.POSITIVE_INFINITY

export interface ProviderReply {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** Ends when the upstream exchange is over. Leaving the loop early closes the upstream socket. */
  chunks: AsyncIterable<Uint8Array>
}
