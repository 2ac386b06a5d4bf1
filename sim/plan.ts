/** A scenario and a seed become timed steps: pure, printable, replayable, shrinkable. */
import type { Millis } from '../proxy/ports.ts'
import type { FaultCall } from './faults/fault.ts'
import type { Phase } from './history.ts'
import { inOrder } from './in-order.ts'
import type { Ask } from './load/load.ts'
import type { Pace } from './providers/model.ts'
import type { Scenario } from './scenario.ts'
import type { Topology } from './topology.ts'

/** `via`: the proxy instance it goes to, from 0. It stands in the plan, so that a step that is dropped moves no other. */
export type AskStep = { do: 'ask'; request: string; via: number } & Ask

export type Step =
  | AskStep
  | { at: Millis; do: 'phase'; phase: Phase }
  | { at: Millis; do: 'inject'; id: string; call: FaultCall; mayMiss?: true }
  | { at: Millis; do: 'heal'; id: string }

/** All that a world needs to play. */
export interface DrawnPlan {
  scenario: string
  seed: number
  topology: Topology
  /** By provider id. */
  paces: Readonly<Record<string, Pace>>
  /** Sorted by time; times in ms from the plan's start. Each walk draws the same ones anew: a million of them in memory would leave the storm no room. */
  steps: Iterable<Step>
}

/** One whose steps are in memory: to be counted, changed and shrunk. */
export interface Plan extends DrawnPlan {
  steps: readonly Step[]
}

/** The same scenario and seed give the same plan. */
export const drawPlan = (scenario: Scenario, seed: number): DrawnPlan => ({
  scenario: scenario.name,
  seed,
  topology: scenario.topology,
  paces: scenario.paces,
  steps: { [Symbol.iterator]: () => inOrder([scheduled(scenario), asked(scenario, seed)]) },
})

export function makePlan(scenario: Scenario, seed: number): Plan {
  const plan = drawPlan(scenario, seed)
  return { ...plan, steps: [...plan.steps] }
}

function scheduled({ phases, faults }: Scenario): Step[] {
  const { baselineAt, stormAt, recoveryAt } = phases
  const steps: Step[] = [
    { at: 0, do: 'phase', phase: 'warm-up' },
    { at: baselineAt, do: 'phase', phase: 'baseline' },
    { at: stormAt, do: 'phase', phase: 'storm' },
    { at: recoveryAt, do: 'phase', phase: 'recovery' },
    ...faults.flatMap((fault, n): Step[] => [
      { at: fault.at, do: 'inject', id: `f${n + 1}`, call: fault.call, ...(fault.mayMiss && { mayMiss: true }) },
      { at: fault.at + fault.for, do: 'heal', id: `f${n + 1}` },
    ]),
  ]
  return steps.sort((a, b) => a.at - b.at)
}

function* asked({ load, topology }: Scenario, seed: number): Generator<AskStep> {
  let n = 0
  for (const ask of inOrder(load.map(one => one.asks(seed)))) {
    yield { do: 'ask', request: `r${n + 1}`, via: n % topology.instances, ...ask }
    n++
  }
}

export const faultsOf = ({ steps }: Plan): Extract<Step, { do: 'inject' }>[] =>
  steps.filter(step => step.do === 'inject')

export function* drawAsks({ steps }: DrawnPlan): Generator<AskStep> {
  for (const step of steps) if (step.do === 'ask') yield step
}

export const asksOf = (plan: DrawnPlan): AskStep[] => [...drawAsks(plan)]
