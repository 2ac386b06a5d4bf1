/** The straight line from a scenario, a tracker and a seed to a judged run. */
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import type { Verdict } from './checks/check.ts'
import type { Tell } from './history.ts'
import { judge } from './judge.ts'
import { startMeasuring } from './measure/index.ts'
import type { Measurement } from './measure/measurement.ts'
import type { DrawnPlan } from './plan.ts'
import { play } from './play.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

/** Who plays what: the plan says the rest. */
export interface Storm {
  scenario: Scenario
  tracker: TrackerVariant
  plan: DrawnPlan
}

export interface Run extends Storm {
  world: World['name']
  measurement: Measurement
  verdicts: readonly Verdict[]
}

/** The plan as it is for this tracker: what membership means is the tracker's to say. */
export const castFor = <P extends DrawnPlan>(plan: P, tracker: TrackerVariant): P => ({
  ...plan,
  topology: { ...plan.topology, membership: tracker.membership },
})

/**
 * Opens a world, plays, closes it whatever happened, and judges what it told. `keep` is told each event once, in order.
 * Rejects with `Unplayable` where the world lacks a lever.
 */
export async function run(
  storm: Storm,
  open: (plan: DrawnPlan, tell: Tell) => Promise<World>,
  keep: Tell = () => {},
): Promise<Run> {
  const plan = castFor(storm.plan, storm.tracker)
  const measuring = startMeasuring(plan.topology)
  const world = await open(plan, event => {
    measuring.see(event)
    keep(event)
  })
  try {
    await world.drive(play(plan, world))
  } finally {
    await world.close()
  }
  const measurement = measuring.done()
  const verdicts = judge(storm.scenario.checks, measurement, plan.topology)
  return { ...storm, plan, world: world.name, measurement, verdicts }
}

/** Where two runs of one storm were judged differently: "check: this, and that"; empty when both worlds agree. */
export function differences(one: Pick<Run, 'verdicts' | 'world'>, other: Pick<Run, 'verdicts' | 'world'>): string[] {
  const theirs = new Map(other.verdicts.map(({ check, result }) => [check, result]))
  return one.verdicts
    .filter(({ check, result }) => theirs.get(check) !== result)
    .map(
      ({ check, result }) =>
        `${check} is ${result} in the ${one.world} world and ${theirs.get(check)} in the ${other.world}`,
    )
}

/** What a tracker declares of itself, against what the run showed. */
export interface Behaviour {
  expected: 'passes' | 'is caught'
  asDeclared: boolean
  because: string
}

/** The checks of a scenario that a tracker caught there must fail: those that it says it breaks. */
export const mustFail = ({ checks }: Scenario, { breaks }: TrackerVariant): string[] =>
  checks.map(({ name }) => name).filter(name => breaks.includes(name))

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
  const declared = mustFail(scenario, tracker)
  const missed = declared.filter(name => !failed.has(name))
  const asDeclared = declared.length > 0 && missed.length === 0
  const because = asDeclared
    ? `caught by ${[...failed].join(', ')}`
    : `not caught by ${missed.join(', ') || 'any check'}`
  return { expected: 'is caught', asDeclared, because }
}
