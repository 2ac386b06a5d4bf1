/** `stormproof selftest`: proves that the catalogue can fail. Everyone who is wrong on purpose is caught, and the reference is not accused. */
import * as reports from '../reports/index.ts'
import type { Outcome } from '../sim/search/play-seed.ts'
import type { World } from '../sim/world.ts'
import { exitCodes, named } from './errors.ts'
import { worldsNamed } from './gate/select.ts'
import { prepareOut } from './out.ts'
import { type Play, playLive, playVirtually, type Told } from './plays.ts'
import type { Progress } from './progress.ts'
import { split } from './run.ts'
import { amount, duration } from './search/telling.ts'
import { castOf, playsOf } from './selftest/cast.ts'
import { type Clean, playClean } from './selftest/clean.ts'
import { type Cell, cellOf, survivorsOf } from './selftest/matrix.ts'
import { renderMatrix } from './selftest/render.ts'

export interface SelftestOptions {
  world: string
  seed: number
  seeds: number
  only: string | undefined
  /** Runs without faults, besides. */
  clean: number
  report: string
  /** Threads. */
  jobs: number
  out: string
  colour: boolean
}

/** Exit code: 1 where somebody survived, or was accused; 2 where one that should pass could not be judged. */
export async function selftest(options: SelftestOptions, progress: Progress, signal: AbortSignal): Promise<number> {
  const { seed, out, colour, jobs } = options
  const worlds = worldsNamed(options.world)
  const asked = split(options.report).map(name => named('report', reports.formats, name))
  const cast = castOf(options.only)
  const seeds = Array.from({ length: options.seeds }, (_, n) => seed + n)
  await prepareOut(out)
  const began = performance.now()
  const cells: Cell[] = []
  for (const world of worlds) {
    const plays = playsOf(cast, world, seeds)
    const { told, done } = gathering(world, plays, progress)
    if (world === 'virtual') await playVirtually(plays, { jobs, signal }, told)
    else await playLive(plays, { out, progress, signal }, told)
    cells.push(...done())
  }
  const clean = await playClean(cast.scenarios, { runs: options.clean, seed, jobs, out }, progress, signal)
  const survivors = survivorsOf(cells, cast.wrong)
  const json = asked.includes(reports.json)
  if (json) console.log(JSON.stringify({ schema: 1, worlds, seeds, survivors, cells, clean }, null, 2))
  if (asked.some(report => report !== reports.json)) {
    const text = [renderMatrix(cells, colour), '', ...troubles(cells, survivors, clean)].join('\n')
    const say = json ? console.error : console.log
    say(text)
    say(`${verdictOf(cells, cast.wrong.length, clean)} in ${duration(performance.now() - began)}, seed ${seed}`)
  }
  const astray = cells.some(cell => cell.astray.length > 0)
  if (astray || survivors.length || clean.alarms.length) return exitCodes.failed
  return cells.some(({ undecided }) => undecided.length > 0) ? exitCodes.unknown : exitCodes.passed
}

/** Puts what comes back, in whatever order, into cells. */
function gathering(world: World['name'], plays: readonly Play[], progress: Progress) {
  const outcomes = new Map<string, { play: Play; all: Outcome[] }>()
  const keyOf = ({ scenario, tracker }: Play) => `${scenario.name} ${tracker.name}`
  for (const play of plays) outcomes.set(keyOf(play), { play, all: [] })
  let count = 0
  if (plays.length) progress.step(`${world}: ${amount(plays.length, 'run')} …`)
  const told: Told = (play, outcome) => {
    outcomes.get(keyOf(play))!.all.push(outcome)
    count++
    if (world === 'virtual') progress.update(`${world}: ${count} of ${amount(plays.length, 'run')}`)
    return true
  }
  const done = () => {
    progress.stop()
    return [...outcomes.values()].map(({ play: { scenario, tracker }, all }) => cellOf(world, scenario, tracker, all))
  }
  return { told, done }
}

function troubles(cells: readonly Cell[], survivors: readonly string[], { alarms, again }: Clean): string[] {
  const line = ({ world, scenario, tracker }: Cell, { seed, because }: { seed: number; because: string }) => [
    `✗ ${scenario} × ${tracker}, ${world}, seed ${seed}: ${because}`,
    `    again: npx stormproof run ${scenario} --world ${world} --tracker ${tracker} --seed ${seed}`,
  ]
  return [
    ...survivors.map(says => `✗ ${says}`),
    ...cells.flatMap(cell => [...cell.astray, ...cell.undecided].slice(0, 1).flatMap(one => line(cell, one))),
    ...cells.flatMap(({ world, scenario, skipped }) =>
      skipped === undefined ? [] : [`- ${scenario}, ${world}, is skipped: ${skipped}`],
    ),
    ...alarms
      .slice(0, 12)
      .map(({ scenario, seed, because }) => `✗ false alarm in ${scenario}, seed ${seed}: ${because}`),
    ...(again === undefined ? [] : [`    again: ${again}`]),
  ]
}

function verdictOf(cells: readonly Cell[], wrong: number, { runs, alarms }: Clean): string {
  const asDeclared = cells.filter(
    ({ declared, astray, undecided, skipped }) =>
      declared !== 'nothing' && skipped === undefined && !astray.length && !undecided.length,
  )
  const declared = cells.filter(cell => cell.declared !== 'nothing')
  const quiet = runs ? `; ${amount(alarms.length, 'false alarm')} in ${amount(runs, 'clean run')}` : ''
  return `${amount(wrong, 'wrong tracker')}: ${asDeclared.length} of ${declared.length} declared verdicts came true${quiet}`
}
