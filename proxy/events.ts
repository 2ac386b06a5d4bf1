/** The proxy's own account of what it does: it explains a finding, it never decides one. */
import type { Failure } from './failure.ts'

export type Outcome = 'ok' | 'refused' | 'failed' | 'incomplete' | 'aborted' | 'client-error'

export type ProxyEvent =
  | { kind: 'request-began'; request: string; session: string }
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
  /** The store had forgotten live attempts; a renewal put them back. */
  | { kind: 'reinserted'; provider: string; tokens: readonly string[] }
  | { kind: 'store-trouble'; doing: string; provider: string; because: string }
