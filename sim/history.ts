/** What happened, in order of time: the only input of every judgement. One flat row an event. */

import type { ProxyEvent } from '../proxy/events.ts'
import type { Millis } from '../proxy/ports.ts'
import type { Shape } from '../proxy/provider.ts'
import type { Taken } from './faults/fault.ts'

export type Phase = 'warm-up' | 'baseline' | 'storm' | 'recovery' | 'rest'

/** Clients: what was asked, and what came back. */
export type ClientEvent =
  /** `plannedAt` is the intended send time: latency is measured from there. `instance`: the proxy it went to. */
  | {
      kind: 'client-sent'
      request: string
      session: string
      plannedAt: Millis
      shape: Shape
      stream: boolean
      instance?: string
    }
  | { kind: 'client-first-byte'; request: string; status: number }
  /** `complete`: status 2xx and the whole answer, terminator included. `answered`: an honest error status. `broken`: cut or no answer. */
  | {
      kind: 'client-ended'
      request: string
      outcome: 'complete' | 'answered' | 'broken' | 'aborted'
      status: number
      bytes: number
      because?: string
      /** It ended as if it were whole, and it is not. */
      hidden?: true
      /** The error said when to come back. */
      retryAfterMs?: Millis
    }
  | { kind: 'client-dropped'; request: string; plannedAt: Millis; because: string }

/** Providers: the truth about what was in flight. `attempt` is the provider's own number for it. */
export type ProviderEvent =
  | { kind: 'provider-began'; provider: string; attempt: string; request: string; session: string }
  /**
   * `served`: the whole answer left. `failed`: it was an error, or nothing whole, or the provider broke off by itself. `peer-closed`: the other side left.
   * The end lies in [since, at]: they are equal unless the peer closed, when `since` is the last write that succeeded.
   */
  | {
      kind: 'provider-ended'
      provider: string
      attempt: string
      request: string
      session: string
      outcome: 'served' | 'failed' | 'peer-closed'
      status: number
      since: Millis
      /** It said: not again before so much time has passed. */
      retryAfterMs?: Millis
    }

/** The store, as the tap saw it. Every instant lies in [since, at]. */
export type StoreEvent =
  /** A member of a provider's active set came, changed its score, or went (`score: null`). */
  | {
      kind: 'store-changed'
      provider: string
      member: string
      score: number | null
      since: Millis
      node: string
      offset: number
    }
  /** A change that was applied, perhaps acknowledged, and lost by Redis in a failover; the state was rolled back to `score`. */
  | {
      kind: 'store-lost'
      provider: string
      member: string
      score: number | null
      since: Millis
      node: string
      offset: number
    }
  /** All members of a provider's active set, anchors left out, read at one offset. `matched`: equal to the replayed state. */
  | {
      kind: 'store-census'
      provider: string
      members: readonly string[]
      since: Millis
      node: string
      offset: number
      matched: boolean
    }
  /** The observer saw nothing of this node between `since` and `at`. */
  | { kind: 'store-gap'; node: string; since: Millis; because: string }
  /** How wide the windows are in which changes could be placed: the resolution of the observation. */
  | { kind: 'store-resolution'; p50Ms: Millis; p99Ms: Millis; changes: number }
  /** Round trips to the store from the moment each was due, measured beside the storm: by a bystander, and in the proxies' processes. */
  | { kind: 'store-round-trips'; p50Ms: Millis; p99Ms: Millis; samples: number }
  /** What all nodes counted between the start and the end of the run: script and write calls, and errors by Redis's own prefix. */
  | { kind: 'store-counted'; commands: number; errors: Readonly<Record<string, number>> }

/** The runner: phases, faults and their receipts, and how well the load was played. */
export type RunnerEvent =
  | { kind: 'phase'; phase: Phase }
  /** `takes`: what it takes from the proxies. `instance`, `session`: the name of the one it is aimed at. `mayMiss`: a run without its landing can be judged. */
  | {
      kind: 'fault-injected'
      fault: string
      id: string
      takes?: Taken
      instance?: string
      session?: string
      mayMiss?: true
    }
  | { kind: 'fault-healed'; fault: string; id: string }
  | { kind: 'receipt'; fault: string; id: string; landed: boolean; because: string }
  | { kind: 'generator'; planned: number; sent: number; dropped: number; latenessP50Ms: Millis; latenessP99Ms: Millis }

/** `at`: milliseconds since the plan's start. `from`: who saw it (`client`, `providers`, `tap`, `runner`, `proxy-1` …). */
export type Event = { at: Millis; from: string } & (ClientEvent | ProviderEvent | StoreEvent | RunnerEvent | ProxyEvent)

/** Whoever is to be told of each event, once and in order of time. */
export type Tell = (event: Event) => void

/** Sorted by `at`; may be walked more than once. */
export type History = Iterable<Event>

/** An event as a process of the live world stamps it: `at`, `since` and `plannedAt` on the host's monotonic clock, in ms. */
export type RawEvent = Event

/** Merges what several processes stamped into one history that starts at `origin`, in whole microseconds. */
export function merge(raw: readonly RawEvent[], origin: Millis): Event[] {
  const shift = (t: Millis) => Math.round((t - origin) * 1000) / 1000
  return raw
    .map(event => {
      const moved = { ...event, at: shift(event.at) } as Event
      if ('since' in moved) moved.since = shift(moved.since)
      if ('plannedAt' in moved) moved.plannedAt = shift(moved.plannedAt)
      return moved
    })
    .sort((a, b) => a.at - b.at)
}
