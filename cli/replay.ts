/** `stormproof replay`: a plan from a file, played in either world and judged by its scenario's claims. */
import * as trackers from '../proxy/tracker/index.ts'
import * as reports from '../reports/index.ts'
import type { Report } from '../reports/report.ts'
import * as scenarios from '../scenarios/index.ts'
import { exitCodeOf } from '../sim/judge.ts'
import type { Scenario } from '../sim/scenario.ts'
import { BadArgument, named } from './errors.ts'
import { prepareOut } from './out.ts'
import { readPlanFile } from './plan-file.ts'
import { playOne } from './play-one.ts'
import type { Progress } from './progress.ts'
import { print, split, worldNamed } from './run.ts'
import { onStage } from './stage.ts'

export interface ReplayOptions {
  /** Undefined: live where a Redis server is installed, else virtual. */
  world: string | undefined
  /** Undefined: the one the plan was left for. */
  tracker: string | undefined
  report: string
  out: string
  colour: boolean
}

/** Exit code: the worst verdict. */
export async function replay(
  path: string,
  { tracker, ...options }: ReplayOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const file = readPlanFile(path)
  const scenario = named<Scenario>('scenario', scenarios, file.plan.scenario)
  const storm = { scenario, tracker: named('tracker', trackers, tracker ?? file.tracker), plan: file.plan }
  const rendered = split(options.report).map(name => named<Report>('report', reports.formats, name))
  const world = worldNamed(options.world)
  if (world && !scenario.worlds.includes(world))
    throw new BadArgument(`${scenario.name} has no ${world} world: it is played in ${scenario.worlds.join(', ')}`)
  await prepareOut(options.out)
  return onStage(world, progress.done, signal, async stage => {
    progress.step(`${path}: ${scenario.name} with ${storm.tracker.name}, seed ${storm.plan.seed} …`)
    const again = `${replayLine(path, stage.world)}${tracker === undefined ? '' : ` --tracker ${tracker}`}`
    const { record, folder } = await playOne(storm, stage, options.out, {
      // Beside the run of the whole plan, which must not be overwritten.
      kind: `${stage.world}-replay`,
      again,
    })
    progress.done(`left ${folder}/run.json and history.ndjson`)
    print(record, rendered, options.colour)
    return exitCodeOf(record.verdicts)
  })
}

/** The command that plays a plan file again. */
export const replayLine = (path: string, world: string): string =>
  `npx stormproof replay ${/^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`} --world ${world}`
