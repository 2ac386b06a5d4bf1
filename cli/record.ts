/** A finished run as the record that reports read. */
import { execFileSync } from 'node:child_process'
import { arch, cpus, platform, release } from 'node:os'
import type { Run } from '../sim/run.ts'
import type { RunRecord } from '../sim/run-record.ts'

export interface Circumstances {
  startedAt: Date
  wallMs: number
  redis: string
}

export function recordOf(run: Run, { startedAt, wallMs, redis }: Circumstances): RunRecord {
  const receipts = [...run.history].flatMap(event =>
    event.kind === 'receipt' ? [{ fault: event.fault, landed: event.landed, because: event.because }] : [],
  )
  return {
    schema: 1,
    scenario: run.scenario.name,
    claim: run.scenario.claim,
    world: run.world,
    tracker: run.tracker.name,
    seed: run.seed,
    commit: commit(),
    startedAt: startedAt.toISOString(),
    wallMs: Math.round(wallMs),
    figures: { ...run.measurement.figures },
    receipts,
    verdicts: run.verdicts.map(verdict => ({ ...verdict, evidence: [...verdict.evidence] })),
    environment: {
      node: process.version,
      platform: `${platform()} ${release()} ${arch()}`,
      cpus: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
      redis,
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
