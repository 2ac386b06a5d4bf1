/** Cuts that leave less to play. */
import { misaimed } from '../../faults/aim.ts'
import { asksOf, type Plan } from '../../plan.ts'
import type { ProviderSpec } from '../../topology.ts'
import { minimise } from '../minimise.ts'
import { allOrEach, type Cut, firstOf, mapAsks, withSteps } from './cut.ts'

/** A provider goes with its pace and its faults. */
export const fewerProviders: Cut = async (plan, fails) => {
  const { providers } = plan.topology
  const keeping = (rest: readonly ProviderSpec[]): Plan => {
    const kept = new Set(rest.map(({ id }) => id))
    const paces = Object.fromEntries(Object.entries(plan.paces).filter(([id]) => kept.has(id)))
    const fewer = { ...plan, topology: { ...plan.topology, providers: rest }, paces }
    return withSteps(fewer, withoutAstray(fewer))
  }
  return keeping(await minimise(providers, async rest => rest.length > 0 && fails(keeping(rest))))
}

export const fewerInstances: Cut = (plan, fails) =>
  firstOf(
    plan,
    fails,
    lowerThan(plan.topology.instances).map(instances => (whole: Plan) => {
      const fewer = { ...whole, topology: { ...whole.topology, instances } }
      const kept = withSteps(fewer, withoutAstray(fewer))
      return mapAsks(kept, ask => ({ ...ask, via: ask.via % instances }))
    }),
  )

/** A fault goes with what it was aimed at. */
const withoutAstray = ({ steps, topology }: Plan) =>
  steps.filter(step => step.do !== 'inject' || misaimed(step.call, topology) === undefined)

export const fewerSessions: Cut = async (plan, fails) => {
  const sessions = sessionsOf(plan)
  // Where each request is a session of its own, dropping steps does the same.
  if (sessions.length === asksOf(plan).length) return plan
  const keeping = (rest: readonly string[]): Plan => {
    const kept = new Set(rest)
    return { ...plan, steps: plan.steps.filter(step => step.do !== 'ask' || kept.has(step.session)) }
  }
  return keeping(await minimise(sessions, rest => fails(keeping(rest))))
}

/** Under lower limits fewer sessions show the same. */
export const lowerLimits: Cut = async (plan, fails) => {
  const limited = (whole: Plan, limitOf: (spec: ProviderSpec) => number): Plan => {
    const providers = whole.topology.providers.map(spec => ({ ...spec, limit: Math.min(spec.limit, limitOf(spec)) }))
    return { ...whole, topology: { ...whole.topology, providers } }
  }
  const lowest = await firstOf(plan, fails, [whole => limited(whole, () => 1)])
  if (lowest !== plan) return lowest
  let smaller = plan
  for (const { id, limit } of plan.topology.providers)
    smaller = await firstOf(
      smaller,
      fails,
      lowerThan(limit).map(lower => whole => limited(whole, spec => (spec.id === id ? lower : spec.limit))),
    )
  return smaller
}

export const fewerSteps: Cut = async (plan, fails) =>
  withSteps(plan, await minimise(plan.steps, rest => fails(withSteps(plan, rest))))

export const mergedSessions: Cut = (plan, fails) => {
  const [first = '', ...others] = sessionsOf(plan)
  const merged = (who: (session: string) => boolean) => (whole: Plan) =>
    mapAsks(whole, ask => (who(ask.session) ? { ...ask, session: first } : ask))
  return allOrEach(
    plan,
    fails,
    merged(() => true),
    others.map(other => merged(session => session === other)),
  )
}

/** From 1, the fewest first. */
const lowerThan = (value: number): number[] => [
  ...new Set([1, Math.ceil(value / 4), Math.ceil(value / 2), value - 1].filter(n => n >= 1 && n < value)),
]

const sessionsOf = (plan: Plan) => [...new Set(asksOf(plan).map(({ session }) => session))]
