/** The proxy's own account of what it does: it explains a finding, it never decides one. */
import type { Failure } from './failure.ts'
import type { Millis } from './ports.ts'

export type Outcome =
  | 'ok'
  | 'refused'
  | 'failed'
  | 'incomplete'
  | 'aborted'
  | 'client-error'
  /** Another attempt of the same request spoke first. */
  | 'hedge-loss'
  /** An operator ended the session. */
  | 'terminated'

export type ProxyEvent =
  | { kind: 'request-began'; request: string; session: string }
  /** `attempts`: how often a provider was called for it. */
  | { kind: 'request-ended'; request: string; outcome: Outcome; attempts: number }
  | { kind: 'admitted'; request: string; session: string; provider: string; token: string; count: number }
  /** `waitedMs`: how long the admission took, so that the refusal is known to fall within it. */
  | { kind: 'refused'; request: string; session: string; provider: string; count: number; waitedMs: number }
  | {
      kind: 'attempt-ended'
      request: string
      session: string
      provider: string
      token: string
      outcome: Outcome
      failure?: Failure
      because?: string
    }
  | { kind: 'released'; member: string; provider: string; token: string; tries: number }
  /** Admitted although the store did not count it (the store was unavailable, or its error was swallowed). */
  | { kind: 'uncounted-admission'; request: string; session: string; provider: string; because: string }
  /** Not admitted: the store was unavailable, and the declared policy says so. */
  | { kind: 'refused-without-store'; request: string; session: string; provider: string; because: string }
  /** The store had forgotten live attempts; a renewal put them back. */
  | { kind: 'reinserted'; provider: string; tokens: readonly string[] }
  /** Counts that no attempt backed, or that differed from it, were put right. */
  | { kind: 'audited'; provider: string; removed: number; mended: number }
  | { kind: 'store-trouble'; doing: string; provider: string; because: string }
  /** A further attempt at the same provider, after a back-off of `afterMs`. */
  | { kind: 'retry'; request: string; provider: string; afterMs: Millis }
  /** `after`: the provider whose first byte was slow. */
  | { kind: 'hedge-launched'; request: string; provider: string; after: string; token: string }
  /** No hedge was started, or none could be: `provider` is the alternate, where there was one. */
  | { kind: 'hedge-skipped'; request: string; provider?: string; after: string; because: HedgeSkipped }
  | { kind: 'breaker'; provider: string; state: BreakerState }
  /** The lease of a live attempt can no longer be vouched for. */
  | { kind: 'unleased'; provider: string; token: string }
  /** An operator ended the session; told by each instance that had work of it. */
  | { kind: 'terminated'; session: string }
  | { kind: 'drained' }
  /** A release was given up: the store lets go of the slot when its lease ends. */
  | { kind: 'outbox-dropped'; provider: string; token: string; because: string }

export type BreakerState = 'closed' | 'open' | 'half-open'

/** `nobody`: no other provider may be asked now. `late`: it was admitted when a winner was decided. */
export type HedgeSkipped = 'nobody' | 'budget' | 'full' | 'late'
