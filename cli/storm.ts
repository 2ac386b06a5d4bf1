/** `stormproof storm`: scenarios with the reference and with the wrong trackers it is about, side by side, in both worlds. */
import * as trackers from '../proxy/tracker/index.ts'
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import { table } from '../reports/index.ts'
import * as scenarios from '../scenarios/index.ts'
import { makePlan } from '../sim/plan.ts'
import { behaviourOf, differences } from '../sim/run.ts'
import type { Scenario } from '../sim/scenario.ts'
import { type ClusterOptions, clusterChosen } from './cluster-choice.ts'
import { exitCodes, named } from './errors.ts'
import { prepareOut } from './out.ts'
import { type Played, playOne } from './play-one.ts'
import type { Progress } from './progress.ts'
import { onLiveStage } from './stage.ts'
import { openVirtualStage } from './virtual-stage.ts'

export interface StormOptions extends ClusterOptions {
  seed: number
  out: string
  colour: boolean
  /** How often a live run that is not as declared is played again. */
  retries: number
}

/** What a newcomer sees first: one storm for each way in which a count goes wrong. */
const first = ['burst-at-limit', 'cross-slot', 'provider-outage', 'same-session', 'success-then-failure']

/**
 * Plays the named scenarios, `all`, or without names the first five (without the careless proxies). Exit code 0 when every tracker
 * behaved as it declares, and both worlds judged it alike. What a busy machine left undecided, or did not show as declared, is played
 * up to `retries` times more, and that is said.
 */
export async function storm(
  names: readonly string[],
  options: StormOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const { seed, retries, out, colour } = options
  const choice = clusterChosen(options)
  const wanted = names.includes('all')
    ? Object.values<Scenario>(scenarios)
    : (names.length ? names : first).map(name => named<Scenario>('scenario', scenarios, name))
  const cast = wanted.flatMap(scenario =>
    [trackers.lease.name, ...scenario.catches, ...scenario.spares]
      .map(name => named<TrackerVariant>('tracker', trackers, name))
      .filter(({ careless }) => names.length || !careless)
      .map(tracker => ({ scenario, tracker })),
  )
  await prepareOut(out)
  const virtual = await openVirtualStage(signal)
  const played = await onLiveStage(
    progress.done,
    signal,
    async stage => {
      const finished: (Played & { differences: readonly string[] })[] = []
      for (const [n, { scenario, tracker }] of cast.entries()) {
        progress.step(`[${n + 1}/${cast.length}] ${scenario.name} with ${tracker.name}, seed ${seed} …`)
        const storm = { scenario, tracker, plan: makePlan(scenario, seed) }
        const twin = await playOne(storm, virtual, out)
        for (let left = retries; ; left--) {
          const one = await playOne(storm, stage, out)
          const torn = differences(one.run, twin.run)
          const { expected, asDeclared, because } = behaviourOf(one.run)
          progress.done(
            `${asDeclared ? '✓' : '✗'} ${scenario.name} × ${tracker.name}: ${expected}, as declared: ${asDeclared ? 'yes' : 'NO'}; ${because}`,
          )
          const good = asDeclared && torn.length === 0
          if (good || left === 0) {
            finished.push({ ...one, differences: torn })
            break
          }
          progress.done(`once more, on a machine that may have been busy: ${torn.join('; ') || because}`)
        }
      }
      return finished
    },
    choice,
  )
  console.log(
    table.renderAll(
      played.map(({ record }) => record),
      { colour },
    ),
  )
  const astray = played.filter(({ run }) => !behaviourOf(run).asDeclared)
  const torn = played.filter(({ run, differences }) => behaviourOf(run).asDeclared && differences.length > 0)
  if (astray.length === 0 && torn.length === 0) {
    console.log(
      `every tracker behaved as it declares: ${played.length} of ${played.length} runs, with the same verdicts in the virtual world (seed ${seed}; runs are in ${out}/)`,
    )
    return exitCodes.passed
  }
  for (const { run, differences } of torn)
    console.log(`${run.scenario.name} × ${run.tracker.name}: ${differences.join('; ')}`)
  for (const { run, folder } of astray) {
    console.log(
      `${run.scenario.name} × ${run.tracker.name} did not behave as declared: ${behaviourOf(run).because}; see ${folder}/run.json`,
    )
    console.log(
      `  again: npx stormproof run ${run.scenario.name} --world live --tracker ${run.tracker.name} --seed ${seed}`,
    )
  }
  if (astray.length === 0) return exitCodes.failed
  const onlyUnknown = astray.every(
    ({ run }) => behaviourOf(run).expected === 'passes' && run.verdicts.every(({ result }) => result !== 'fail'),
  )
  return onlyUnknown ? exitCodes.unknown : exitCodes.failed
}
