/** The straight line from a scenario, a tracker and a seed to a judged run. */
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import type { Verdict } from './checks/check.ts'
import type { Event } from './history.ts'
import { judge } from './judge.ts'
import { measure } from './measure/index.ts'
import type { Measurement } from './measure/measurement.ts'
import { makePlan } from './plan.ts'
import { play } from './play.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

export interface Run {
  scenario: Scenario
  tracker: TrackerVariant
  world: World['name']
  seed: number
  history: readonly Event[]
  measurement: Measurement
  verdicts: readonly Verdict[]
}

/** The scenario as it is for this tracker: what membership means is the tracker's to say. */
export const castFor = (scenario: Scenario, tracker: TrackerVariant): Scenario => ({
  ...scenario,
  topology: { ...scenario.topology, membership: tracker.membership },
})

/** Opens a world, plays, closes it whatever happened, and judges what it left. */
export async function run(
  scenario: Scenario,
  tracker: TrackerVariant,
  seed: number,
  open: (scenario: Scenario) => Promise<World>,
): Promise<Run> {
  const cast = castFor(scenario, tracker)
  const plan = makePlan(cast, seed)
  const world = await open(cast)
  try {
    const history = await play(plan, cast.topology, world)
    const measurement = measure(history, cast.topology)
    const verdicts = judge(cast.checks, measurement, cast.topology)
    return { scenario: cast, tracker, world: world.name, seed, history, measurement, verdicts }
  } finally {
    await world.close()
  }
}

/** What a tracker declares of itself, against what the run showed. */
export interface Behaviour {
  expected: 'passes' | 'is caught'
  asDeclared: boolean
  because: string
}

/**
 * The reference and the spared trackers must pass every check. A caught one must fail every check of the scenario that it
 * says it breaks, and at least one.
 */
export function behaviourOf({
  scenario,
  tracker,
  verdicts,
}: Pick<Run, 'scenario' | 'tracker' | 'verdicts'>): Behaviour {
  const failed = new Set(verdicts.filter(({ result }) => result === 'fail').map(({ check }) => check))
  if (!scenario.catches.includes(tracker.name)) {
    const short = verdicts.filter(({ result }) => result !== 'pass').map(({ check, result }) => `${check} ${result}`)
    return { expected: 'passes', asDeclared: short.length === 0, because: short.join(', ') || 'every claim held' }
  }
  const declared = scenario.checks.map(({ name }) => name).filter(name => tracker.breaks.includes(name))
  const missed = declared.filter(name => !failed.has(name))
  const asDeclared = declared.length > 0 && missed.length === 0
  const because = asDeclared
    ? `caught by ${[...failed].join(', ')}`
    : `not caught by ${missed.join(', ') || 'any check'}`
  return { expected: 'is caught', asDeclared, because }
}
