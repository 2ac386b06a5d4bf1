/** Who is played where: the reference everywhere, the wrong ones where somebody must catch them, or everywhere. */
import * as trackers from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import * as scenarios from '../../scenarios/index.ts'
import type { Scenario } from '../../sim/scenario.ts'
import type { World } from '../../sim/world.ts'
import { named } from '../errors.ts'
import type { Play } from '../plays.ts'
import { split } from '../run.ts'

export interface Cast {
  scenarios: readonly Scenario[]
  wrong: readonly TrackerVariant[]
}

/** Names of scenarios and of trackers, by comma; undefined: all. */
export function castOf(only: string | undefined): Cast {
  const storms = Object.values<Scenario>(scenarios)
  const wrong = Object.values<TrackerVariant>(trackers).filter(({ breaks }) => breaks.length > 0)
  if (only === undefined) return { scenarios: storms, wrong }
  const everything: Record<string, { name: string }> = Object.fromEntries(
    [...storms, ...wrong].map(entry => [entry.name, entry]),
  )
  const wanted = new Set(split(only).map(name => named('scenario or wrong tracker', everything, name).name))
  const some = storms.filter(({ name }) => wanted.has(name))
  const chosen = some.length ? some : storms
  const few = wrong.filter(({ name }) => wanted.has(name))
  // Whoever nobody there must catch would be taken for a survivor.
  const caughtThere = wrong.filter(({ name }) => chosen.some(({ catches }) => catches.includes(name)))
  return { scenarios: chosen, wrong: few.length ? few : caughtThere }
}

/** In virtual time everybody meets everything. Where a run is dear, as each is live, only what is declared is played. */
export function playsOf({ scenarios: storms, wrong }: Cast, world: World['name'], seeds: readonly number[]): Play[] {
  return storms
    .filter(({ worlds }) => worlds.includes(world))
    .flatMap(scenario => {
      const { catches, spares, costs = 1 } = scenario
      const names = [...catches, ...spares]
      const met = world === 'virtual' && costs === 1 ? wrong : wrong.filter(({ name }) => names.includes(name))
      const some = seeds.slice(0, Math.ceil(seeds.length / costs))
      return [trackers.lease, ...met].flatMap(tracker => some.map(seed => ({ scenario, tracker, seed })))
    })
}
