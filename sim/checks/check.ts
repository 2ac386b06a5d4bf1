/** A Check is a claim about a history: pass, unknown or fail, and why. */
import type { Event } from '../history.ts'
import type { Measurement } from '../measure/measurement.ts'
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

export interface Check {
  name: string
  /** One line for `stormproof list`. */
  claim: string
  /** Safety is judged throughout, liveness after the heal. `soundness` says whether the run can be judged at all: it never fails, it is unknown. */
  kind: 'safety' | 'liveness' | 'soundness'
  of(measured: Measurement, topology: Topology): Pick<Verdict, 'result' | 'because' | 'evidence'>
  /** The clean sample history, spoilt so that this check must fail (a soundness check: must be unknown). */
  counterexample(clean: readonly Event[]): Event[]
}
