/** `stormproof run`: plays scenarios, judges them by their claims alone, and reports. */
import * as trackers from '../proxy/tracker/index.ts'
import * as reports from '../reports/index.ts'
import type { Report } from '../reports/report.ts'
import * as scenarios from '../scenarios/index.ts'
import { exitCodeOf } from '../sim/judge.ts'
import { makePlan } from '../sim/plan.ts'
import type { Scenario } from '../sim/scenario.ts'
import { BadArgument, named } from './errors.ts'
import { prepareOut } from './out.ts'
import { playOne } from './play-one.ts'
import type { Progress } from './progress.ts'
import { onLiveStage } from './stage.ts'

export interface RunOptions {
  world: string
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
  if (options.world !== 'live') throw new BadArgument(`no world "${options.world}" yet: there is live`)
  await prepareOut(options.out)
  const quietOut = rendered.includes(reports.json)
  const records = await onLiveStage(progress.done, signal, async stage => {
    const finished = []
    for (const scenario of wanted)
      for (const tracker of cast) {
        progress.step(`${scenario.name} with ${tracker.name}, seed ${options.seed} …`)
        const plan = makePlan(scenario, options.seed)
        const { record, folder } = await playOne({ scenario, tracker, plan }, stage, options.out)
        progress.done(`left ${folder}/run.json and history.ndjson`)
        // Machines read stdout: a person's report makes way for JSON.
        for (const report of rendered) {
          const text = report.render(record, { colour: options.colour })
          if (report === reports.json || !quietOut) console.log(text)
          else console.error(text)
        }
        finished.push(record)
      }
    return finished
  })
  return exitCodeOf(records.flatMap(({ verdicts }) => verdicts))
}

const split = (list: string) =>
  list
    .split(',')
    .map(name => name.trim())
    .filter(Boolean)
