/** A Check is a claim about a history: pass, unknown or fail, and why. */
import type { Event } from '../history.ts'
import type { Finding, Measurement } from '../measure/measurement.ts'
import type { Topology } from '../topology.ts'

export type Result = 'pass' | 'unknown' | 'fail'

export interface Verdict {
  check: string
  kind: Check['kind']
  result: Result
  /** A sentence a person understands: who, where, when, how long. */
  because: string
  /** The events that show it; at most a dozen. */
  evidence: readonly Event[]
}

export type Ruling = Pick<Verdict, 'result' | 'because' | 'evidence'>

export interface Check {
  name: string
  /** One line for `stormproof list`. */
  claim: string
  /**
   * Safety is judged throughout, liveness after the heal. `soundness` says whether the run can be judged at all: it never
   * fails, it is unknown.
   */
  kind: 'safety' | 'liveness' | 'soundness'
  of(measured: Measurement, topology: Topology): Ruling
  /** The clean sample, spoilt so that this check must fail (a soundness check: be unknown). */
  counterexample(clean: readonly Event[]): Event[]
}

export const pass = (because: string): Ruling => ({ result: 'pass', because, evidence: [] })
export const unknown = (because: string): Ruling => ({ result: 'unknown', because, evidence: [] })

/** Fails with the first finding's words, and how many more there are; `count` where not all findings were kept. */
export function failWith(findings: readonly Finding[], count = findings.length): Ruling {
  const more = count > 1 ? ` (and ${count - 1} more)` : ''
  return { result: 'fail', because: `${findings[0]!.because}${more}`, evidence: evidenceOf(findings) }
}

export const evidenceOf = (findings: readonly Finding[]): Event[] =>
  findings.flatMap(({ evidence }) => evidence).slice(0, 12)

/** As `failWith`, but what Redis itself lost is not held against the proxy: the claim is then undecided. */
export function failUnlessLost(findings: readonly Finding[], measured: Measurement, count?: number): Ruling {
  const ruling = failWith(findings, count)
  if (measured.lost.length === 0) return ruling
  return {
    ...ruling,
    result: 'unknown',
    because: `Redis lost acknowledged writes in a failover (${measured.lost[0]!.because}): ${ruling.because}`,
  }
}
