/** `stormproof run`: plays scenarios, judges them by their claims alone, and reports. */
import * as trackers from '../proxy/tracker/index.ts'
import * as reports from '../reports/index.ts'
import type { Report } from '../reports/report.ts'
import * as scenarios from '../scenarios/index.ts'
import { exitCodeOf } from '../sim/judge.ts'
import { drawPlan } from '../sim/plan.ts'
import type { RunRecord } from '../sim/run-record.ts'
import type { Scenario } from '../sim/scenario.ts'
import type { World } from '../sim/world.ts'
import { type ClusterOptions, clusterChosen } from './cluster-choice.ts'
import { BadArgument, named } from './errors.ts'
import { prepareOut } from './out.ts'
import { playOne } from './play-one.ts'
import type { Progress } from './progress.ts'
import { onStage } from './stage.ts'

export interface RunOptions extends ClusterOptions {
  /** Undefined: live where a Redis server is installed, else virtual. */
  world: string | undefined
  tracker: string
  seed: number
  report: string
  out: string
  colour: boolean
}

/** Exit code: the worst verdict of all runs. */
export async function runCommand(
  names: readonly string[],
  options: RunOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const wanted = names.map(name => named<Scenario>('scenario', scenarios, name))
  const cast = split(options.tracker).map(name => named('tracker', trackers, name))
  const rendered = split(options.report).map(name => named<Report>('report', reports.formats, name))
  const choice = clusterChosen(options)
  const world = worldNamed(options.world ?? (choice && 'live'))
  if (choice && world !== 'live') throw new BadArgument('--cluster is about the live world')
  const absent = wanted.find(scenario => world && !scenario.worlds.includes(world))
  if (absent) throw new BadArgument(`${absent.name} has no ${world} world: it is played in ${absent.worlds.join(', ')}`)
  await prepareOut(options.out)
  const records = await onStage(
    world,
    progress.done,
    signal,
    async stage => {
      const finished = []
      for (const scenario of wanted)
        for (const tracker of cast) {
          progress.step(`${scenario.name} with ${tracker.name}, seed ${options.seed} …`)
          const plan = drawPlan(scenario, options.seed)
          const { record, folder } = await playOne({ scenario, tracker, plan }, stage, options.out)
          progress.done(`left ${folder}/run.json and history.ndjson`)
          print(record, rendered, options.colour)
          finished.push(record)
        }
      return finished
    },
    choice,
  )
  return exitCodeOf(records.flatMap(({ verdicts }) => verdicts))
}

/** Machines read stdout: a person's report makes way for JSON. */
export function print(record: RunRecord, rendered: readonly Report[], colour: boolean): void {
  const quietOut = rendered.includes(reports.json)
  for (const report of rendered) {
    const text = report.render(record, { colour })
    if (report === reports.json || !quietOut) console.log(text)
    else console.error(text)
  }
}

export function worldNamed(name: string | undefined): World['name'] | undefined {
  if (name === undefined || name === 'virtual' || name === 'live') return name
  throw new BadArgument(`no world "${name}": there are virtual and live`)
}

export const split = (list: string) =>
  list
    .split(',')
    .map(name => name.trim())
    .filter(Boolean)
