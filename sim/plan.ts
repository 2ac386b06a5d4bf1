/** A scenario and a seed become timed steps: pure, printable, replayable, shrinkable. */
import type { Millis } from '../proxy/ports.ts'
import type { FaultCall } from './faults/fault.ts'
import type { Phase } from './history.ts'
import type { Ask } from './load/load.ts'
import { mergeSorted } from './merge-sorted.ts'
import type { Pace } from './providers/model.ts'
import type { Scenario } from './scenario.ts'
import type { Topology } from './topology.ts'

/** `via`: the proxy instance it goes to, from 0. It stands in the plan, so that a step that is dropped moves no other. */
export type AskStep = { do: 'ask'; request: string; via: number } & Ask

export type ScheduledStep =
  | { at: Millis; do: 'phase'; phase: Phase }
  | { at: Millis; do: 'inject'; id: string; call: FaultCall; mayMiss?: true }
  | { at: Millis; do: 'heal'; id: string }

export type Step = AskStep | ScheduledStep

/** Steps of which only the few that are no asks are in memory: a million asks would leave the storm no room. Each walk draws the same ones anew. */
export interface DrawnSteps extends Iterable<Step> {
  readonly scheduled: readonly ScheduledStep[]
  readonly asks: Iterable<AskStep>
}

/** All that a world needs to play. */
export interface DrawnPlan {
  scenario: string
  seed: number
  topology: Topology
  /** By provider id. */
  paces: Readonly<Record<string, Pace>>
  /** Sorted by time; times in ms from the plan's start. */
  steps: DrawnSteps | readonly Step[]
}

/** One whose steps are in memory: to be counted, changed and shrunk. */
export interface Plan extends DrawnPlan {
  steps: readonly Step[]
}

/** The same scenario and seed give the same plan. */
export function drawPlan(scenario: Scenario, seed: number): DrawnPlan {
  const { name, topology, paces } = scenario
  const scheduled = scheduledIn(scenario)
  const asks = { [Symbol.iterator]: () => drawnFrom(scenario, seed) }
  const steps = { scheduled, asks, [Symbol.iterator]: () => mergeSorted<Step>([scheduled, asks]) }
  return { scenario: name, seed, topology, paces, steps }
}

export function makePlan(scenario: Scenario, seed: number): Plan {
  const plan = drawPlan(scenario, seed)
  return { ...plan, steps: [...plan.steps] }
}

function scheduledIn({ phases, faults }: Scenario): ScheduledStep[] {
  const { baselineAt, stormAt, recoveryAt } = phases
  const steps: ScheduledStep[] = [
    { at: 0, do: 'phase', phase: 'warm-up' },
    { at: baselineAt, do: 'phase', phase: 'baseline' },
    { at: stormAt, do: 'phase', phase: 'storm' },
    { at: recoveryAt, do: 'phase', phase: 'recovery' },
    ...faults.flatMap((fault, n): ScheduledStep[] => [
      { at: fault.at, do: 'inject', id: `f${n + 1}`, call: fault.call, ...(fault.mayMiss && { mayMiss: true }) },
      { at: fault.at + fault.for, do: 'heal', id: `f${n + 1}` },
    ]),
  ]
  return steps.sort((a, b) => a.at - b.at)
}

function* drawnFrom({ load, topology }: Scenario, seed: number): Generator<AskStep> {
  let n = 0
  for (const ask of mergeSorted(load.map(one => one.asks(seed)))) {
    yield { do: 'ask', request: `r${n + 1}`, via: n % topology.instances, ...ask }
    n++
  }
}

export const faultsOf = ({ steps }: Plan): Extract<Step, { do: 'inject' }>[] =>
  steps.filter(step => step.do === 'inject')

/** All but the asks. */
export const scheduledOf = ({ steps }: DrawnPlan): readonly ScheduledStep[] =>
  'scheduled' in steps ? steps.scheduled : steps.filter(step => step.do !== 'ask')

export const drawAsks = ({ steps }: DrawnPlan): Iterable<AskStep> =>
  'asks' in steps ? steps.asks : steps.filter(step => step.do === 'ask')

export const asksOf = (plan: DrawnPlan): AskStep[] => [...drawAsks(plan)]
