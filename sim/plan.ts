/** A scenario and a seed become a list of timed steps: pure, printable, replayable, shrinkable. */
import type { Millis } from '../proxy/ports.ts'
import type { FaultCall } from './faults/fault.ts'
import type { Phase } from './history.ts'
import type { Ask } from './load/load.ts'
import type { Scenario } from './scenario.ts'

export type AskStep = { do: 'ask'; request: string } & Ask

export type Step =
  | AskStep
  | { at: Millis; do: 'phase'; phase: Phase }
  | { at: Millis; do: 'inject'; id: string; call: FaultCall }
  | { at: Millis; do: 'heal'; id: string }

/** Steps sorted by time; times in ms from the plan's start. */
export interface Plan {
  scenario: string
  seed: number
  steps: readonly Step[]
}

/** The same scenario and seed give the same plan. */
export function makePlan(scenario: Scenario, seed: number): Plan {
  const asks = scenario.load.flatMap(load => load.asks(seed)).sort((a, b) => a.at - b.at)
  const { baselineAt, stormAt, recoveryAt } = scenario.phases
  const steps: Step[] = [
    { at: 0, do: 'phase', phase: 'warm-up' },
    { at: baselineAt, do: 'phase', phase: 'baseline' },
    { at: stormAt, do: 'phase', phase: 'storm' },
    { at: recoveryAt, do: 'phase', phase: 'recovery' },
    ...scenario.faults.flatMap((fault, n): Step[] => [
      { at: fault.at, do: 'inject', id: `f${n + 1}`, call: fault.call },
      { at: fault.at + fault.for, do: 'heal', id: `f${n + 1}` },
    ]),
    ...asks.map((ask, n): AskStep => ({ do: 'ask', request: `r${n + 1}`, ...ask })),
  ]
  return { scenario: scenario.name, seed, steps: steps.sort((a, b) => a.at - b.at) }
}
