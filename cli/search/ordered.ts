/** What the threads and the second process of a search are told to play. Names, not things: it travels as a message. */
import * as trackers from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import * as scenarios from '../../scenarios/index.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { type Outcome, playSeed, type SearchedStorm } from '../../sim/search/play-seed.ts'
import { plannedFor } from '../../sim/search/swarm/index.ts'
import { named } from '../errors.ts'
import { openVirtualStage } from '../virtual-stage.ts'

export interface Subject {
  scenario: string
  tracker: string
  swarm: boolean
  /** Without its faults: the same load on a world in which nothing breaks. */
  clean?: boolean
}

/** What a clean run plays: no faults, and no older version among the instances, which is a trouble too. */
export function withoutTrouble(scenario: Scenario): Scenario {
  const { older: _, ...topology } = scenario.topology
  return { ...scenario, topology, faults: [] }
}

export function stormOf({ scenario, tracker, swarm, clean }: Subject, seed: number): SearchedStorm {
  const whole = named<Scenario>('scenario', scenarios, scenario)
  const found = clean ? withoutTrouble(whole) : whole
  return {
    scenario: found,
    tracker: named<TrackerVariant>('tracker', trackers, tracker),
    plan: plannedFor(found, seed, swarm),
  }
}

export async function playOrdered(subject: Subject, seed: number, keepHistory: boolean): Promise<Outcome> {
  const storm = stormOf(subject, seed)
  const stage = await openVirtualStage()
  return playSeed(storm, (plan, tell) => stage.open(plan, storm.tracker, tell), { keepHistory })
}
