/** What a search does with a seed that fails: shrinks its plan, leaves it as a file with the run of it, and tells the story. */
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Verdict } from '../../sim/checks/check.ts'
import type { Event } from '../../sim/history.ts'
import { asksOf, type DrawnPlan, type Plan } from '../../sim/plan.ts'
import { castFor } from '../../sim/run.ts'
import { type Outcome, playSeed, type SearchedStorm, shownAgain } from '../../sim/search/play-seed.ts'
import { type Shrunk, shrink } from '../../sim/search/shrink.ts'
import { storyOf } from '../../sim/search/story.ts'
import { Ours } from '../errors.ts'
import { runFolder } from '../out.ts'
import { playOne } from '../play-one.ts'
import type { Progress } from '../progress.ts'
import { replayLine } from '../replay.ts'
import type { Stage } from '../stage.ts'
import { openVirtualStage } from '../virtual-stage.ts'
import { amount } from './telling.ts'

/** Answers what is to be shown: how it shrank, the story, and the one command that plays it again. */
export async function found(
  storm: SearchedStorm,
  outcome: Outcome,
  out: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const stage = await openVirtualStage(signal)
  const shrunk = await smallest(storm, outcome, stage, progress, signal)
  if (!shrunk)
    throw new Ours(`seed ${outcome.seed} failed in a thread of the search, and does not fail in this process`)
  const { plan, plays } = shrunk
  const small = { ...storm, plan }
  const folder = runFolder(out, small, kind)
  const again = replayLine(join(folder, 'plan.json'), stage.world)
  const story = await leave(small, stage, out, again, signal)
  return [
    `shrunk from ${sizeOf(storm.plan)} to ${sizeOf(plan)} in ${amount(plays, 'play')}`,
    '',
    ...story,
    '',
    `left ${folder}/: plan.json, and the run of it`,
    `again: ${again}`,
  ].join('\n')
}

const kind = 'search'

async function smallest(
  storm: SearchedStorm,
  outcome: Outcome,
  stage: Stage,
  progress: Progress,
  signal: AbortSignal,
): Promise<Shrunk | undefined> {
  const again = shownAgain(outcome)
  const open = (plan: DrawnPlan, tell: (event: Event) => void) => stage.open(plan, storm.tracker, tell)
  let plays = 0
  let steps = storm.plan.steps.length
  progress.step(`shrinking seed ${outcome.seed}: ${amount(steps, 'step')} …`)
  return shrink(storm.plan, async plan => {
    // Virtual time leaves the machine's own events no room: signals, and the progress that is shown.
    await breathe()
    signal.throwIfAborted()
    const shown = again(await playSeed({ ...storm, plan }, open, { signal }))
    if (shown.length) steps = plan.steps.length
    progress.update(
      `shrinking seed ${outcome.seed}: ${amount(storm.plan.steps.length, 'step')} → ${steps} in ${++plays} plays`,
    )
    return shown
  })
}

/** Plays the small plan once more, leaves its files, and answers its story. */
async function leave(
  storm: SearchedStorm,
  stage: Stage,
  out: string,
  again: string,
  signal: AbortSignal,
): Promise<string[]> {
  const events: Event[] = []
  const tell = (verdicts: readonly Verdict[]) => storyOf(events, castFor(storm.plan, storm.tracker), verdicts)
  try {
    const { run } = await playOne(storm, stage, out, { kind, again, tell: event => void events.push(event) })
    return tell(run.verdicts)
  } catch (error) {
    signal.throwIfAborted()
    return [...tell([]), `✗ the world itself broke down, which is a failure of Stormproof: ${String(error)}`]
  }
}

const sizeOf = (plan: Plan) => `${amount(plan.steps.length, 'step')} (${amount(asksOf(plan).length, 'request')})`
