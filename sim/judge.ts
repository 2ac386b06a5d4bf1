/** From a measurement to verdicts, and from verdicts to an exit code: pass < unknown < fail. */
import type { Check, Result, Ruling, Verdict } from './checks/check.ts'
import * as registry from './checks/index.ts'
import type { Measurement } from './measure/measurement.ts'
import type { Topology } from './topology.ts'

const soundness = Object.values<Check>(registry).filter(({ kind }) => kind === 'soundness')

/**
 * One verdict a check; the soundness checks are always among them. Where one of those is unknown no claim passes: it is
 * unknown too. What failed stays failed.
 */
export function judge(checks: readonly Check[], measured: Measurement, topology: Topology): Verdict[] {
  const all = [...new Set([...checks, ...soundness])]
  const verdicts = all.map(
    (check): Verdict => ({ check: check.name, kind: check.kind, ...rule(check, measured, topology) }),
  )
  const unsound = verdicts.find(({ kind, result }) => kind === 'soundness' && result === 'unknown')
  if (!unsound) return verdicts
  return verdicts.map(verdict =>
    verdict.kind !== 'soundness' && verdict.result === 'pass'
      ? { ...verdict, result: 'unknown', because: `the run cannot be judged: ${unsound.because}` }
      : verdict,
  )
}

function rule(check: Check, measured: Measurement, topology: Topology): Ruling {
  try {
    return check.of(measured, topology)
  } catch (error) {
    return { result: 'unknown', because: `the check itself failed: ${String(error)}`, evidence: [] }
  }
}

const severity: Record<Result, number> = { pass: 0, unknown: 1, fail: 2 }

/** The worst of them; no verdict at all is unknown. */
export const worst = (results: readonly Result[]): Result =>
  results.length === 0 ? 'unknown' : results.reduce((a, b) => (severity[a] >= severity[b] ? a : b))

const exitCodes: Record<Result, 0 | 1 | 2> = { pass: 0, fail: 1, unknown: 2 }

export const exitCodeOf = (verdicts: readonly Pick<Verdict, 'result'>[]): 0 | 1 | 2 =>
  exitCodes[worst(verdicts.map(({ result }) => result))]
