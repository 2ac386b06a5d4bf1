/** A way to make a plan smaller or simpler that leaves it whole: sorted, and about what is there. */
import type { AskStep, Plan, Step } from '../../plan.ts'

/** Whether a plan fails as the one did that is being shrunk. */
export type Fails = (plan: Plan) => Promise<boolean>

/** Answers the smallest plan it found that fails; the given one where it found none. */
export type Cut = (plan: Plan, fails: Fails) => Promise<Plan>

type Change = (plan: Plan) => Plan

/** What goes step by step leaves larger plans alone: a round over them would take longer than it is worth. */
export const isLong = ({ steps }: Plan): boolean => steps.length > 60

/** The first of the changes after which it still fails. */
export async function firstOf(plan: Plan, fails: Fails, changes: Iterable<Change>): Promise<Plan> {
  for (const change of changes) {
    const candidate = change(plan)
    if (differs(candidate, plan) && (await fails(candidate))) return candidate
  }
  return plan
}

/** Every change after which it still fails, one upon the other. */
export async function eachOf(plan: Plan, fails: Fails, changes: Iterable<Change>): Promise<Plan> {
  let smaller = plan
  for (const change of changes) smaller = await firstOf(smaller, fails, [change])
  return smaller
}

/** A change of all at once, or else of one after the other. */
export async function allOrEach(plan: Plan, fails: Fails, all: Change, each: Iterable<Change>): Promise<Plan> {
  const changed = await firstOf(plan, fails, [all])
  return changed !== plan || isLong(plan) ? changed : eachOf(plan, fails, each)
}

/** A heal without its fault goes too. */
export function withSteps(plan: Plan, steps: readonly Step[]): Plan {
  const injected = new Set(steps.flatMap(step => (step.do === 'inject' ? [step.id] : [])))
  return { ...plan, steps: steps.filter(step => step.do !== 'heal' || injected.has(step.id)) }
}

export const mapAsks = (plan: Plan, change: (ask: AskStep) => AskStep): Plan => ({
  ...plan,
  steps: plan.steps.map(step => (step.do === 'ask' ? change(step) : step)),
})

const differs = (a: Plan, b: Plan) => JSON.stringify(a) !== JSON.stringify(b)
