/** A finished run as the record that reports read. */
import { execFileSync } from 'node:child_process'
import { arch, cpus, platform, release } from 'node:os'
import type { Run } from '../sim/run.ts'
import type { RunRecord } from '../sim/run-record.ts'

export interface Circumstances {
  startedAt: Date
  wallMs: number
  store: string
  /** The command that plays it again, where that is not `stormproof run` with the seed. */
  again?: string
}

export function recordOf(run: Run, { startedAt, wallMs, store, again }: Circumstances): Omit<RunRecord, 'history'> {
  return {
    schema: 1,
    scenario: run.scenario.name,
    claim: run.scenario.claim,
    world: run.world,
    tracker: run.tracker.name,
    seed: run.plan.seed,
    ...(again !== undefined && { again }),
    commit: commit(),
    startedAt: startedAt.toISOString(),
    wallMs: Math.round(wallMs),
    figures: { ...run.measurement.figures },
    receipts: [...run.measurement.receipts],
    verdicts: run.verdicts.map(verdict => ({ ...verdict, evidence: [...verdict.evidence] })),
    environment: {
      node: process.version,
      platform: `${platform()} ${release()} ${arch()}`,
      cpus: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
      store,
    },
  }
}

function commit(): string | null {
  try {
    const options = { cwd: import.meta.dirname, stdio: 'pipe' } as const
    return execFileSync('git', ['rev-parse', 'HEAD'], options).toString().trim()
  } catch {
    return null
  }
}
