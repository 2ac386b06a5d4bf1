/** Cuts that leave a plan easier to read: what is still odd about it then matters. */
import type { Millis } from '../../../proxy/ports.ts'
import { type AskStep, asksOf, type Plan } from '../../plan.ts'
import { provider } from '../../topology.ts'
import { allOrEach, type Cut, eachOf, firstOf, isLong, mapAsks } from './cut.ts'

/** Faults that heal sooner. */
export const shorterFaults: Cut = async (plan, fails) => {
  const faults = plan.steps.filter(step => step.do === 'inject')
  let smaller = plan
  for (const { id, at } of faults)
    for (let before: Plan | undefined; before !== smaller; ) {
      before = smaller
      smaller = await firstOf(smaller, fails, [whole => healedSooner(whole, id, at)])
    }
  return smaller
}

function healedSooner(plan: Plan, id: string, injectedAt: Millis): Plan {
  const steps = plan.steps.map(step => {
    const tooSoon = step.at - injectedAt < 2 * apartMs
    if (step.do !== 'heal' || step.id !== id || tooSoon) return step
    return { ...step, at: Math.round((injectedAt + step.at) / 2) }
  })
  return { ...plan, steps: steps.sort((a, b) => a.at - b.at) }
}

export const plainAsks: Cut = (plan, fails) => simplerAsks(plan, fails, ask => ({ ...ask, stream: false }))

export const clientsThatStay: Cut = (plan, fails) => simplerAsks(plan, fails, ({ leaves: _, ...staying }) => staying)

export const oneShape: Cut = (plan, fails) => simplerAsks(plan, fails, ask => ({ ...ask, shape: 'anthropic' }))

const simplerAsks = (plan: Plan, fails: Parameters<Cut>[1], simpler: (ask: AskStep) => AskStep) =>
  allOrEach(
    plan,
    fails,
    whole => mapAsks(whole, simpler),
    asksOf(plan).map(
      ({ request }) =>
        whole =>
          mapAsks(whole, ask => (ask.request === request ? simpler(ask) : ask)),
    ),
  )

/** A store at its usual distance, and providers that answer evenly and briefly. */
export const simplerPaces: Cut = (plan, fails) => {
  const usualStore = (whole: Plan): Plan => {
    const { toStore: _, ...topology } = whole.topology
    return { ...whole, topology }
  }
  const paces = Object.keys(plan.paces).flatMap(id =>
    [{ spread: 0 }, { tokens: 1 }].map(
      simpler =>
        (whole: Plan): Plan => ({ ...whole, paces: { ...whole.paces, [id]: { ...whole.paces[id]!, ...simpler } } }),
    ),
  )
  return eachOf(plan, fails, [usualStore, ...paces])
}

/** Providers as scenarios usually have them. */
export const usualProviders: Cut = (plan, fails) => {
  const { id: _id, limit: _limit, priority: _priority, ...usual } = provider({ id: '', limit: 1 })
  const changed =
    (fields: object) =>
    (whole: Plan): Plan => {
      const providers = whole.topology.providers.map(spec => ({ ...spec, ...fields }))
      return { ...whole, topology: { ...whole.topology, providers } }
    }
  const fields = Object.entries(usual).map(([field, value]) => changed({ [field]: value }))
  return allOrEach(plan, fails, changed(usual), fields)
}

/** Round times and short gaps. */
export const earlierTimes: Cut = async (plan, fails) => {
  const at = (whole: Plan, times: readonly Millis[]): Plan => {
    const moved = { ...whole, steps: whole.steps.map((step, n) => ({ ...step, at: times[n]! })) }
    return staysApart(moved, whole) ? moved : whole
  }
  const rounded = (unit: Millis) => (whole: Plan) =>
    at(
      whole,
      whole.steps.map(step => Math.floor(step.at / unit) * unit),
    )
  let smaller = await firstOf(plan, fails, [100, 10, 1].map(rounded))
  if (isLong(plan)) return smaller
  for (let n = 0; n < smaller.steps.length; n++) {
    const times = smaller.steps.map(step => step.at)
    const gap = times[n]! - (times[n - 1] ?? 0)
    const shorter = [0, 1, 10, apartMs, 50, 100, 200, 500, 1_000].filter(ms => ms < gap)
    const shortened = (ms: Millis) => (whole: Plan) =>
      at(
        whole,
        times.map((time, m) => (m < n ? time : Math.round((time - gap + ms) * 1000) / 1000)),
      )
    smaller = await firstOf(smaller, fails, shorter.map(shortened))
  }
  return smaller
}

/** Between a fault's step and a request's: in a live world a fault takes a moment, and the order must not change. */
const apartMs = 20

/** The same steps at other times: none that is a request came too close to one that is not. */
const staysApart = ({ steps }: Plan, { steps: before }: Plan) =>
  steps.every((step, n) => {
    const last = steps[n - 1]
    if (!last || (step.do === 'ask') === (last.do === 'ask')) return true
    return step.at - last.at >= Math.min(apartMs, before[n]!.at - before[n - 1]!.at)
  })
