/** How an attempt ended. */
import type { Call } from './call.ts'
import type { Outcome } from './events.ts'
import { consequencesOf, type Failure } from './failure.ts'
import type { Running } from './running.ts'

export type Attempted =
  | { outcome: 'ok' }
  /** No slot was to be had. */
  | { outcome: 'refused' }
  | Failed
  /** It was read to a good end, and nobody heard it. */
  | { outcome: 'hedge-loss' }

export interface Failed {
  outcome: Exclude<Outcome, 'ok' | 'refused'>
  failure: Failure
  /** The provider's own error, when there is one. */
  reply?: ErrorReply
}

export interface ErrorReply {
  status: number
  headers: Readonly<Record<string, string>>
  /** Where it came whole. */
  body?: Uint8Array
}

/** What this failure makes of an attempt: once the client has seen something of it, it cannot be undone. */
export function endedBy(failure: Failure, call: Call, running: Running): Attempted {
  if (running.lostBy(call)) return { outcome: 'hedge-loss', failure }
  return unheard(failure, running)
}

/** As `endedBy`, where there was no call. */
export function unheard(failure: Failure, { begun }: Running): Failed {
  const { outcome } = consequencesOf(failure)
  return { outcome: outcome === 'failed' && begun ? 'incomplete' : outcome, failure }
}

export const failureOf = (attempted: Attempted): Failure | undefined =>
  'failure' in attempted ? attempted.failure : undefined
