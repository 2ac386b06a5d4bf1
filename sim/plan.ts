/** A scenario and a seed become a list of timed steps: pure, printable, replayable, shrinkable. */
import type { Millis } from '../proxy/ports.ts'
import type { FaultCall } from './faults/fault.ts'
import type { Phase } from './history.ts'
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

/** All that a world needs to play. Steps sorted by time; times in ms from the plan's start. */
export interface Plan {
  scenario: string
  seed: number
  topology: Topology
  /** By provider id. */
  paces: Readonly<Record<string, Pace>>
  steps: readonly Step[]
}

/** The same scenario and seed give the same plan. */
export function makePlan({ name, topology, paces, phases, load, faults }: Scenario, seed: number): Plan {
  const asks = load.flatMap(one => one.asks(seed)).sort((a, b) => a.at - b.at)
  // Each makes way for its step: a million of both would not fit beside the storm.
  for (const [n, ask] of asks.entries()) {
    const step: AskStep = { do: 'ask', request: `r${n + 1}`, via: n % topology.instances, ...ask }
    asks[n] = step
  }
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
    ...(asks as AskStep[]),
  ]
  return { scenario: name, seed, topology, paces, steps: steps.sort((a, b) => a.at - b.at) }
}

export const faultsOf = ({ steps }: Plan): Extract<Step, { do: 'inject' }>[] =>
  steps.filter(step => step.do === 'inject')

export const asksOf = ({ steps }: Plan): AskStep[] => steps.filter((step): step is AskStep => step.do === 'ask')
