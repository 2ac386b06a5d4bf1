/** Everything the proxy core asks of the world. Real adapters live in `proxy/node/`, simulated ones in `sim/worlds/`. */
import type { ProxyEvent } from './events.ts'
import type { Provider, ProviderReply } from './provider.ts'
import type { ProxyRequest } from './request.ts'
import type { StopSignal } from './stop.ts'
import type { Store, Tracker } from './tracker/tracker.ts'

/** A duration or an instant in milliseconds; fractions allowed. */
export type Millis = number

export interface Clock {
  /** Monotonic; its zero means nothing. */
  now(): Millis
  /** Rejects with the signal's reason when the signal fires first. */
  sleep(duration: Millis, signal?: AbortSignal): Promise<void>
  /** Calls `wake` once after the duration, unless the returned function is called before. */
  after(duration: Millis, wake: () => void): () => void
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
}

export interface Chance {
  /** Draws for one purpose. Where chance is seeded, the same words give the same draws, whatever else is drawn. */
  of(...purpose: readonly string[]): Random
}

export interface Transport {
  /**
   * Starts one upstream call and resolves with its status line, before the body.
   * Throws a `TransportError` when there is no usable reply, and the signal's reason when the signal fires.
   */
  send(provider: Provider, request: ProxyRequest, signal: StopSignal): Promise<ProviderReply>
}

/** Where the proxy tells what it does. */
export type ProxyEvents = (event: ProxyEvent) => void

export interface Ports {
  clock: Clock
  chance: Chance
  transport: Transport
  tracker: Tracker
  /** The store the tracker works on. */
  store: Store
  emit: ProxyEvents
}
