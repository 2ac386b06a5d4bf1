/** A Tracker keeps, in the shared store, which sessions hold a provider's slots. */
import type { Provider } from '../provider.ts'

/** One upstream attempt's claim to a slot. `token` names the attempt for ever: every operation is idempotent by it. */
export interface Hold {
  provider: Provider
  /** The member as stored: see `memberOf`. */
  member: string
  token: string
}

/** Refusal is an answer. `dead`: the token was already released, so this was a late copy; read it as refused. */
export type Admission =
  | { kind: 'admitted'; count: number }
  | { kind: 'full'; count: number; retryAfterMs: number }
  | { kind: 'dead' }
  /** An operator has ended the session. */
  | { kind: 'terminated' }
  /** The tracker let it pass without counting it. Only careless trackers do. */
  | { kind: 'uncounted'; because: string }

/** How an attempt ended, as far as a tracker may care. `unused`: its slot came too late, and nobody was called. */
export type Ending = 'success' | 'failure' | 'abort' | 'unused'

/** Every method rejects when the store did not acknowledge: the effect is then *unknown*, never "did not happen". */
export interface Tracker {
  acquire(hold: Hold): Promise<Admission>
  release(hold: Hold, ending: Ending): Promise<void>
  /** Extends live holds, and sweeps what expired; with no holds it only sweeps. */
  renew(provider: Provider, holds: readonly Hold[]): Promise<Renewal>
  /** Only the reference has them. */
  operator?: {
    /** Members of the active set, the anchor left out. */
    count(provider: Provider): Promise<number>
    /**
     * For so long this member is not admitted here, and who renews one of its attempts is told. Answers how many attempts it has;
     * they count until their owners give them back.
     */
    terminate(provider: Provider, member: string, lastsMs: number): Promise<number>
    /** Rebuilds the counts from the attempts, in bounded batches: what an older version or a hand left goes. */
    audit(provider: Provider): Promise<AuditReport>
  }
}

/** Tokens among those renewed. */
export interface Renewal {
  /** The store had lost them. */
  reinserted: readonly string[]
  /** An operator has ended their sessions. */
  terminated?: readonly string[]
}

export interface AuditReport {
  scanned: number
  membersRemoved: readonly string[]
  countsMended: readonly string[]
}

/** A Lua script by the names of its files below `proxy/tracker/`, joined in order. All `keys` of it must share one slot. */
export interface Script {
  name: string
  files: readonly string[]
  keys: number
}

/** The shared store, as a tracker sees it: atomic scripts, one round trip each. Rejects when the store did not acknowledge. */
export interface Store {
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
}

/**
 * What it means that a session is a member.
 * `in-flight`: it has at least one attempt in flight. `recently-active`: or it succeeded within the tracker's window.
 */
export type Membership = 'in-flight' | 'recently-active'

export interface TrackerVariant {
  name: string
  /** One line: what it does. */
  claim: string
  /** It is a proxy that handles a tracker carelessly, and not a tracker that is wrong. */
  careless?: true
  /** Names of the checks it is known to fail wherever a scenario catches it: proof that those checks bite. */
  breaks: readonly string[]
  membership: Membership
  /** The key of a provider's active set: what an observer of the store watches. */
  membersKey(provider: string): string
  /**
   * `windowMs` is how long a recently active session stays a member; `in-flight` trackers ignore it. `wallNow` is the caller's
   * wall clock, Unix time in ms: the reference never asks it.
   */
  create(store: Store, windowMs: number, wallNow: () => number): Tracker
}
