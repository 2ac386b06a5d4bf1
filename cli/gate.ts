/** `stormproof gate`: the whole catalogue with the reference tracker, as one verdict. */
import { lease } from '../proxy/tracker/index.ts'
import { isFailure } from '../sim/search/play-seed.ts'
import type { World } from '../sim/world.ts'
import { type ClusterOptions, clusterChosen } from './cluster-choice.ts'
import { type Claim, exitCodeOf, linesOf, whatCameOf } from './gate/claim.ts'
import { type Selection, selected, worldsNamed } from './gate/select.ts'
import { prepareOut } from './out.ts'
import { type Play, playLive, playVirtually, type Told } from './plays.ts'
import type { Progress } from './progress.ts'
import { amount, duration } from './search/telling.ts'

export interface GateOptions extends Selection, ClusterOptions {
  world: string
  /** The first seed; live plays it alone. */
  seed: number
  /** In the virtual world, each scenario. */
  seeds: number
  failFast: boolean
  /** Threads. */
  jobs: number
  out: string
  colour: boolean
}

/**
 * Virtual seeds go to all cores; live runs come after them and one by one, since they are judged in milliseconds. Exit code:
 * 70 where a virtual world broke down, else the worst of all claims; what is skipped is no claim that held.
 */
export async function gate(options: GateOptions, progress: Progress, signal: AbortSignal): Promise<number> {
  const { seed, seeds, failFast, jobs, out, colour } = options
  const worlds = worldsNamed(options.world)
  const scenarios = selected(options)
  const choice = clusterChosen(options)
  await prepareOut(out)
  const claims = scenarios.map((scenario): Claim => ({ scenario, played: {} }))
  const playsIn = (world: World['name'], count: number): Play[] =>
    worlds.includes(world)
      ? scenarios
          .filter(scenario => scenario.worlds.includes(world))
          .flatMap(scenario =>
            Array.from({ length: Math.ceil(count / (scenario.costs ?? 1)) }, (_, n) => ({
              scenario,
              tracker: lease,
              seed: seed + n,
            })),
          )
      : []
  const virtual = playsIn('virtual', seeds)
  const live = playsIn('live', 1)
  const began = performance.now()
  let told = 0
  let failed = false
  const keep =
    (world: World['name'], all: readonly Play[]): Told =>
    ({ scenario }, outcome) => {
      const { played } = claims.find(claim => claim.scenario === scenario)!
      const outcomes = (played[world] ??= [])
      outcomes.push(outcome)
      told++
      failed ||= isFailure(outcome)
      const due = all.filter(play => play.scenario === scenario).length
      if (outcomes.length === due)
        progress.note(linesOf({ scenario, played: { [world]: outcomes } }, 0, colour).join('\n'))
      if (world === 'virtual') progress.update(`virtual: ${told} of ${amount(all.length, 'run')}`)
      return !(failFast && failed)
    }

  progress.done(`the catalogue on ${lease.name}, seed ${seed}: ${playedIn(virtual, live)}`)
  if (virtual.length) {
    progress.step(`virtual: ${amount(virtual.length, 'run')} …`)
    await playVirtually(virtual, { jobs, signal }, keep('virtual', virtual))
  }
  if (live.length && !(failFast && failed)) await playLive(live, { out, progress, signal, choice }, keep('live', live))
  progress.stop()

  const width = Math.max(...scenarios.map(({ name }) => name.length))
  for (const claim of claims) for (const line of linesOf(claim, width, colour)) console.log(line)
  console.log(`\n${summaryOf(claims)} in ${duration(performance.now() - began)}`)
  console.log(`again: ${againLine(options)}`)
  return exitCodeOf(claims)
}

const playedIn = (virtual: readonly Play[], live: readonly Play[]) =>
  [virtual.length && amount(virtual.length, 'virtual run'), live.length && amount(live.length, 'live run')]
    .filter(Boolean)
    .join(', ')

function summaryOf(claims: readonly Claim[]): string {
  const came = claims.map(whatCameOf)
  const count = (which: string) => came.filter(one => one === which).length
  return [
    `${count('pass')} of ${amount(claims.length, 'claim')} held`,
    count('fail') && `${count('fail')} failed`,
    count('unknown') && `${count('unknown')} could not be judged`,
    count('skipped') && `${count('skipped')} not played`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** A seed that was drawn is among it: the line plays the same gate. */
function againLine({ seed, seeds, world, only, shard }: GateOptions): string {
  const scope = [only !== undefined && `--only ${only}`, shard !== undefined && `--shard ${shard}`].filter(Boolean)
  return ['npx stormproof gate', ...scope, `--world ${world} --seeds ${seeds} --seed ${seed}`].join(' ')
}
