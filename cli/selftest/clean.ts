/** Runs of the reference in which nothing breaks: whatever fails there is a false alarm. */
import { join } from 'node:path'
import { lease } from '../../proxy/tracker/index.ts'
import { makePlan } from '../../sim/plan.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { isFailure } from '../../sim/search/play-seed.ts'
import { runFolder } from '../out.ts'
import { playOne } from '../play-one.ts'
import { type Play, playVirtually } from '../plays.ts'
import type { Progress } from '../progress.ts'
import { replayLine } from '../replay.ts'
import { withoutTrouble } from '../search/ordered.ts'
import { amount } from '../search/telling.ts'
import { openVirtualStage } from '../virtual-stage.ts'

export interface Clean {
  runs: number
  alarms: readonly { scenario: string; seed: number; because: string }[]
  /** The command that plays the first alarm again. */
  again?: string
}

/** So many virtual runs, dealt out over the scenarios, each without its faults. The first alarm's plan is left in `out`. */
export async function playClean(
  scenarios: readonly Scenario[],
  { runs, seed, jobs, out }: { runs: number; seed: number; jobs: number; out: string },
  progress: Progress,
  signal: AbortSignal,
): Promise<Clean> {
  const virtual = scenarios.filter(({ worlds, costs = 1 }) => worlds.includes('virtual') && costs === 1)
  const plays = Array.from({ length: virtual.length && runs }, (_, n): Play => {
    const round = Math.floor(n / virtual.length)
    return { scenario: virtual[n % virtual.length]!, tracker: lease, seed: seed + round, clean: true }
  })
  const alarms: { play: Play; because: string }[] = []
  let played = 0
  if (plays.length) progress.step(`clean: ${amount(plays.length, 'run')} …`)
  await playVirtually(plays, { jobs, signal }, (play, outcome) => {
    progress.update(`clean: ${++played} of ${amount(plays.length, 'run')}`)
    const because = outcome.broke ?? `${outcome.failed.join(', ')}: ${outcome.because}`
    if (isFailure(outcome)) alarms.push({ play, because })
    return true
  })
  progress.stop()
  const told = alarms.map(({ play, because }) => ({ scenario: play.scenario.name, seed: play.seed, because }))
  const clean = { runs: plays.length, alarms: told }
  return alarms[0] ? { ...clean, again: await left(alarms[0].play, out, signal) } : clean
}

async function left({ scenario, tracker, seed }: Play, out: string, signal: AbortSignal): Promise<string> {
  const storm = { scenario, tracker, plan: makePlan(withoutTrouble(scenario), seed) }
  const again = replayLine(join(runFolder(out, storm, 'clean'), 'plan.json'), 'virtual')
  // It may break down again: its plan is left before that.
  await playOne(storm, await openVirtualStage(signal), out, { kind: 'clean', again }).catch(() =>
    signal.throwIfAborted(),
  )
  return again
}
