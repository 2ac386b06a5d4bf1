/** Plays one storm in a world, and leaves the run's files. */
import { type Run, run, type Storm } from '../sim/run.ts'
import type { RunRecord } from '../sim/run-record.ts'
import { startLeaving } from './out.ts'
import { recordOf } from './record.ts'
import type { Stage } from './stage.ts'

export interface Played {
  run: Run
  record: RunRecord
  folder: string
}

export async function playOne(storm: Storm, stage: Stage, out: string): Promise<Played> {
  const startedAt = new Date()
  const began = performance.now()
  const leaving = startLeaving(out, storm, stage.world)
  try {
    const played = await run(storm, (plan, tell) => stage.open(plan, storm.tracker, tell), leaving.keep)
    const wallMs = performance.now() - began
    const record = leaving.close(recordOf(played, { startedAt, wallMs, store: stage.store }))
    return { run: played, record, folder: leaving.folder }
  } catch (error) {
    leaving.abandon()
    throw error
  }
}
