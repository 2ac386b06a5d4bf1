/** Plays one scenario with one tracker in the live world, and leaves the run's files. */
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import { type Run, run } from '../sim/run.ts'
import type { RunRecord } from '../sim/run-record.ts'
import type { Scenario } from '../sim/scenario.ts'
import { openLive } from '../sim/worlds/live/index.ts'
import type { Stage } from './live.ts'
import { leave } from './out.ts'
import { recordOf } from './record.ts'

export interface Order {
  scenario: Scenario
  tracker: TrackerVariant
  seed: number
  out: string
}

export interface Played {
  run: Run
  record: RunRecord
  folder: string
}

export async function playOne(
  { scenario, tracker, seed, out }: Order,
  stage: Stage,
  signal: AbortSignal,
): Promise<Played> {
  const startedAt = new Date()
  const began = performance.now()
  const played = await run(scenario, tracker, seed, cast =>
    openLive({ cluster: stage.cluster, scenario: cast, tracker, seed, signal }),
  )
  const record = recordOf(played, { startedAt, wallMs: performance.now() - began, redis: stage.redis })
  return { run: played, record, folder: await leave(out, record, played.history) }
}
