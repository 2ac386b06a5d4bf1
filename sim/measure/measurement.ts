/** What a history says in figures, with the events behind each finding. Filled in one pass; checks judge it. */
import type { Millis } from '../../proxy/ports.ts'
import type { Event, Phase } from '../history.ts'

export type Cause = 'success' | 'failure' | 'timeout' | 'abort' | 'hedge-loss' | 'crash'

/** One session's stay in a provider's set after its last attempt there ended. */
export interface Stay {
  provider: string
  session: string
  cause: Cause
  phase: Phase
  endedAt: Millis
  stayedMs: Millis
  /** Still a member when the observation ended: `stayedMs` is then a lower bound. */
  open: boolean
  /** The event that ended the last attempt, and the one that removed the member (if any). */
  evidence: readonly Event[]
}

/** Something that broke a claim, once. */
export interface Finding {
  because: string
  evidence: readonly Event[]
}

/** Whether a fault landed, and how that is known. */
export interface FaultReceipt {
  fault: string
  landed: boolean
  because: string
}

export interface Measurement {
  /** Named as in run.json; a figure that has no samples is absent, never 0. */
  figures: Readonly<Record<string, number>>
  /** Longest stays by cause; at most a dozen each. Warm-up left out. */
  longestStays: Readonly<Partial<Record<Cause, readonly Stay[]>>>
  overshoots: readonly Finding[]
  ghostRejections: readonly Finding[]
  uncounted: readonly Finding[]
  phantomsAtRest: readonly Finding[]
  unanswered: readonly Finding[]
  /** Members that a dead instance left, and that did not go when their leases ended. */
  crashed: readonly Finding[]
  /** Attempts of sessions that an operator had ended. */
  undead: readonly Finding[]
  /** Admissions of which the store was not asked, or gave no answer. */
  failedAdmissions: readonly Finding[]
  /** Scores that were not the number of attempts in flight. */
  miscounted: readonly Finding[]
  /** What was begun for clients that had left, and what went on for them. */
  begunAfterAbort: readonly Finding[]
  openAfterAbort: readonly Finding[]
  /** Requests that made too many calls, and providers that got too many retries and hedges. */
  overBudget: readonly Finding[]
  /** Calls to a provider whose breaker should have been open. */
  askedTooSoon: readonly Finding[]
  /** Calls to a provider that had said when to come back. */
  askedInPause: readonly Finding[]
  /** Providers that got more calls after a pause than were asked for then. */
  herds: readonly Finding[]
  /** Breakers that opened although their providers had not failed so often. */
  openedInVain: readonly Finding[]
  /** Calls for requests that had their answer, or were at fault themselves. */
  needlessCalls: readonly Finding[]
  /** Answers that were not whole, and looked it. */
  hidden: readonly Finding[]
  /** Sets larger than their limit. */
  crowded: readonly Finding[]
  /** Errors that did not say when to come back. */
  unhelpful: readonly Finding[]
  receipts: readonly FaultReceipt[]
  unlanded: readonly Finding[]
  /** Gaps of the observer, and censuses that differ from the replayed state. */
  observerFaults: readonly Finding[]
  /** A generator that was late, or dropped what was planned. */
  loadFaults: readonly Finding[]
  /** Changes that Redis itself lost. */
  lost: readonly Finding[]
}
