/** Plays one storm in a world, and leaves the run's files. */
import type { Tell } from '../sim/history.ts'
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

export interface PlayOptions {
  /** What the folder is named after; the world without it. */
  kind?: string
  /** The command that plays it again; without it, `stormproof run` with the seed does. */
  again?: string
  /** Told each event as well. */
  tell?: Tell
}

export async function playOne(storm: Storm, stage: Stage, out: string, options: PlayOptions = {}): Promise<Played> {
  const { kind = stage.world, again, tell } = options
  const startedAt = new Date()
  const began = performance.now()
  const leaving = startLeaving(out, storm, kind)
  try {
    const keep: Tell = event => {
      leaving.keep(event)
      tell?.(event)
    }
    const played = await run(storm, (plan, told) => stage.open(plan, storm.tracker, told), keep)
    const wallMs = performance.now() - began
    const circumstances = { startedAt, wallMs, store: stage.store, ...(again !== undefined && { again }) }
    const record = leaving.close(recordOf(played, circumstances))
    return { run: played, record, folder: leaving.folder }
  } catch (error) {
    leaving.abandon()
    throw error
  }
}
