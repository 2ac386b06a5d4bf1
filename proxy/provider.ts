/** An AI provider as the proxy knows it, and what it answers. */
import type { Millis } from './ports.ts'

/** The two wire formats the proxy passes through. */
export type Shape = 'anthropic' | 'openai'

export interface Provider {
  /** Stands in the Redis hash tag `{provider:<id>}`: letters, digits, `.`, `_` and `-` only. */
  id: string
  /** Where it listens, without the path of an endpoint. Never taken from a request. */
  baseUrl: string
  /** Most sessions (or attempts, by `unit`) in flight at once. */
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
}

/** L = 4 H: three beats may be lost before a live attempt is given up. */
export const leaseMs = (provider: Pick<Provider, 'heartbeatMs'>): Millis => 4 * provider.heartbeatMs

export interface ProviderReply {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** Ends when the upstream exchange is over. Leaving the loop early closes the upstream socket. */
  chunks: AsyncIterable<Uint8Array>
}
