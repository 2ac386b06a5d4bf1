/** Many plays, each judged by itself. */
import { join } from 'node:path'
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import { Unplayable } from '../sim/play.ts'
import type { Scenario } from '../sim/scenario.ts'
import { isFailure, type Outcome, outcomeOf, skippedBecause } from '../sim/search/play-seed.ts'
import { plannedFor } from '../sim/search/swarm/index.ts'
import type { ClusterChoice } from './cluster-choice.ts'
import { runFolder } from './out.ts'
import { playOne } from './play-one.ts'
import type { Progress } from './progress.ts'
import { replayLine } from './replay.ts'
import type { Subject } from './search/ordered.ts'
import { openPool } from './search/pool.ts'
import { onLiveStage, type Stage } from './stage.ts'

export interface Play {
  scenario: Scenario
  tracker: TrackerVariant
  seed: number
  /** Without its faults. Virtual only. */
  clean?: boolean
  /** Everything that a swarm may vary is drawn from the seed. */
  swarm?: boolean
}

/** Told each outcome once; answers whether to go on. */
export type Told = (play: Play, outcome: Outcome) => boolean

/** On so many threads, in order as far as that is possible. Rejects with the signal's reason once it fired. */
export async function playVirtually(
  plays: readonly Play[],
  { jobs, signal }: { jobs: number; signal: AbortSignal },
  told: Told,
): Promise<void> {
  const playOf = new Map(plays.map(play => [subjectOf(play), play]))
  const waiting = [...playOf.keys()]
  const pool = openPool(Math.min(jobs, plays.length), signal)
  let underWay = 0
  try {
    await pool.play({
      next() {
        const subject = waiting.shift()
        if (!subject) return undefined
        underWay++
        return { subject, seeds: [playOf.get(subject)!.seed], keep: [] }
      },
      told(outcome, subject) {
        underWay--
        if (!told(playOf.get(subject)!, outcome)) waiting.length = 0
      },
      get over() {
        return underWay === 0 && waiting.length === 0
      },
    })
  } finally {
    await pool.close()
  }
}

const subjectOf = ({ scenario, tracker, clean = false, swarm = false }: Play): Subject => ({
  scenario: scenario.name,
  tracker: tracker.name,
  swarm,
  clean,
})

/**
 * One after the other, since milliseconds are judged; each run is left in `out`. What could not be judged is played once more, and that
 * is said. A cluster on which a play broke down is replaced. Rejects with the signal's reason once it fired, and with `EnvironmentNotReady` where no Redis is to be had.
 */
export async function playLive(
  plays: readonly Play[],
  {
    out,
    progress,
    signal,
    choice,
  }: { out: string; progress: Progress; signal: AbortSignal; choice?: ClusterChoice | undefined },
  told: Told,
): Promise<void> {
  const waiting = [...plays]
  while (waiting.length)
    await onLiveStage(
      progress.done,
      signal,
      async stage => {
        for (let play = waiting.shift(); play; play = waiting.shift()) {
          const { scenario, tracker, seed } = play
          progress.step(
            `live [${plays.length - waiting.length}/${plays.length}] ${scenario.name} with ${tracker.name}, seed ${seed} …`,
          )
          let outcome = await playedLive(play, stage, out, signal)
          if (isUndecided(outcome)) {
            progress.done(`once more, on a machine that may have been busy: ${outcome.unknown[0]}`)
            outcome = await playedLive(play, stage, out, signal)
          }
          if (!told(play, outcome)) waiting.length = 0
          if (outcome.broke !== undefined) return
        }
      },
      choice,
    )
}

/** Nothing broke, and something is open: a failure stands, however busy the machine was. */
const isUndecided = (outcome: Outcome) =>
  outcome.unknown.length > 0 && outcome.skipped === undefined && !isFailure(outcome)

async function playedLive(
  { scenario, tracker, seed, swarm = false }: Play,
  stage: Stage,
  out: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const storm = { scenario, tracker, plan: plannedFor(scenario, seed, swarm) }
  const kind = swarm ? `${stage.world}-swarm` : stage.world
  const again = swarm && { again: replayLine(join(runFolder(out, storm, kind), 'plan.json'), stage.world) }
  try {
    const { run, record } = await playOne(storm, stage, out, { kind, ...again })
    return outcomeOf(run, record.wallMs)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Unplayable) return skippedBecause(storm, error)
    return { seed, requests: 0, simulatedMs: 0, failed: [], unknown: [], broke: String(error) }
  }
}
