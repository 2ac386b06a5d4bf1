/** The ways in which a plan gets smaller. Each tries smaller plans that are still whole: sorted, and about what is there. */
import { type AskStep, asksOf, type Plan, type Step } from '../plan.ts'
import { minimise } from './minimise.ts'

/** Whether a plan fails as the one did that is being shrunk. */
export type Fails = (plan: Plan) => Promise<boolean>

/** Answers the smallest plan it found that fails; the given one where it found none. */
export type Cut = (plan: Plan, fails: Fails) => Promise<Plan>

/** Cuts that go step by step leave plans alone that are larger: a round over them would take longer than it is worth. */
const fewSteps = 60

export const fewerProviders: Cut = async (plan, fails) => {
  const kept = await minimise(
    plan.topology.providers,
    async rest => rest.length > 0 && fails(withProviders(plan, rest)),
  )
  return kept === plan.topology.providers ? plan : withProviders(plan, kept)
}

export const lowerLimits: Cut = async (plan, fails) => {
  const lowest = withLimits(plan, () => 1)
  if (plan.topology.providers.some(({ limit }) => limit > 1) && (await fails(lowest))) return lowest
  let smaller = plan
  for (const { id, limit } of plan.topology.providers)
    for (const lower of lowerThan(limit, 1)) {
      const candidate = withLimits(smaller, provider => (provider.id === id ? lower : provider.limit))
      if (!(await fails(candidate))) continue
      smaller = candidate
      break
    }
  return smaller
}

export const fewerInstances: Cut = async (plan, fails) => {
  for (const instances of lowerThan(plan.topology.instances, 1)) {
    const topology = { ...plan.topology, instances }
    const candidate = mapAsks({ ...plan, topology }, ask => ({ ...ask, via: ask.via % instances }))
    if (await fails(candidate)) return candidate
  }
  return plan
}

export const fewerSessions: Cut = async (plan, fails) => {
  const sessions = sessionsOf(plan)
  // Where each request is a session of its own, dropping steps does the same.
  if (sessions.length === asksOf(plan).length) return plan
  const keeping = (rest: readonly string[]) => {
    const kept = new Set(rest)
    return withSteps(
      plan,
      plan.steps.filter(step => step.do !== 'ask' || kept.has(step.session)),
    )
  }
  return keeping(await minimise(sessions, rest => fails(keeping(rest))))
}

export const fewerSteps: Cut = async (plan, fails) =>
  withSteps(plan, await minimise(plan.steps, rest => fails(withSteps(plan, rest))))

/** Faults that heal sooner. */
export const shorterFaults: Cut = async (plan, fails) => {
  let smaller = plan
  for (const fault of plan.steps) {
    if (fault.do !== 'inject') continue
    for (;;) {
      const heal = smaller.steps.find(step => step.do === 'heal' && step.id === fault.id)
      if (!heal || heal.at - fault.at < 2 * apartMs) break
      const sooner = { ...heal, at: Math.round((fault.at + heal.at) / 2) }
      const candidate = withSteps(
        smaller,
        smaller.steps.map(step => (step === heal ? sooner : step)).toSorted((a, b) => a.at - b.at),
      )
      if (!(await fails(candidate))) break
      smaller = candidate
    }
  }
  return smaller
}

export const mergedSessions: Cut = async (plan, fails) => {
  const [first, ...others] = sessionsOf(plan)
  if (first === undefined || others.length === 0) return plan
  const one = mapAsks(plan, ask => ({ ...ask, session: first }))
  if (await fails(one)) return one
  if (plan.steps.length > fewSteps) return plan
  let smaller = plan
  for (const other of others) {
    const candidate = mapAsks(smaller, ask => (ask.session === other ? { ...ask, session: first } : ask))
    if (await fails(candidate)) smaller = candidate
  }
  return smaller
}

export const plainAsks: Cut = (plan, fails) =>
  simplerAsks(plan, fails, ask => (ask.stream ? { ...ask, stream: false } : ask))

export const clientsThatStay: Cut = (plan, fails) =>
  simplerAsks(plan, fails, ask => {
    if (!ask.leaves) return ask
    const { leaves: _, ...staying } = ask
    return staying
  })

export const oneShape: Cut = (plan, fails) =>
  simplerAsks(plan, fails, ask => (ask.shape === 'anthropic' ? ask : { ...ask, shape: 'anthropic' }))

/** Short gaps and round times. */
export const earlierTimes: Cut = async (plan, fails) => {
  let smaller = plan
  for (const unit of [100, 10, 1]) {
    const candidate = withSteps(
      smaller,
      smaller.steps.map(step => ({ ...step, at: Math.floor(step.at / unit) * unit })),
    )
    if (differs(candidate, smaller) && staysApart(candidate, smaller) && (await fails(candidate))) {
      smaller = candidate
      break
    }
  }
  if (plan.steps.length > fewSteps) return smaller
  for (let n = 0; n < smaller.steps.length; n++) {
    const gap = smaller.steps[n]!.at - (smaller.steps[n - 1]?.at ?? 0)
    for (const shorter of [0, 1, 10, apartMs, 50, 100, 200, 500, 1_000]) {
      if (shorter >= gap) break
      const moved = smaller.steps.map((step, at) =>
        at < n ? step : { ...step, at: Math.round((step.at - gap + shorter) * 1000) / 1000 },
      )
      const candidate = withSteps(smaller, moved)
      if (!staysApart(candidate, smaller) || !(await fails(candidate))) continue
      smaller = candidate
      break
    }
  }
  return smaller
}

/** Providers that answer evenly and briefly, and a store at its usual distance: what stays unusual is then part of the failure. */
export const simplerPaces: Cut = async (plan, fails) => {
  let smaller = plan
  const attempt = async (candidate: Plan) => {
    if (differs(candidate, smaller) && (await fails(candidate))) smaller = candidate
  }
  const { toStore: _, ...usual } = smaller.topology
  await attempt({ ...smaller, topology: usual })
  for (const id of Object.keys(plan.paces))
    for (const simpler of [{ spread: 0 }, { tokens: 1 }])
      await attempt({ ...smaller, paces: { ...smaller.paces, [id]: { ...smaller.paces[id]!, ...simpler } } })
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

/** Fewer of a whole number, the fewest first. */
const lowerThan = (value: number, least: number): number[] => [
  ...new Set([least, Math.ceil(value / 4), Math.ceil(value / 2), value - 1].filter(n => n >= least && n < value)),
]

async function simplerAsks(plan: Plan, fails: Fails, simpler: (ask: AskStep) => AskStep): Promise<Plan> {
  const all = mapAsks(plan, simpler)
  if (!differs(all, plan)) return plan
  if (await fails(all)) return all
  if (plan.steps.length > fewSteps) return plan
  let smaller = plan
  for (const { request } of asksOf(plan)) {
    const candidate = mapAsks(smaller, ask => (ask.request === request ? simpler(ask) : ask))
    if (differs(candidate, smaller) && (await fails(candidate))) smaller = candidate
  }
  return smaller
}

const differs = (a: Plan, b: Plan) => JSON.stringify(a) !== JSON.stringify(b)

const sessionsOf = (plan: Plan) => [...new Set(asksOf(plan).map(({ session }) => session))]

/** A heal without its fault goes too. */
function withSteps(plan: Plan, steps: readonly Step[]): Plan {
  const injected = new Set(steps.flatMap(step => (step.do === 'inject' ? [step.id] : [])))
  return { ...plan, steps: steps.filter(step => step.do !== 'heal' || injected.has(step.id)) }
}

const mapAsks = (plan: Plan, change: (ask: AskStep) => AskStep): Plan => ({
  ...plan,
  steps: plan.steps.map(step => (step.do === 'ask' ? change(step) : step)),
})

const withLimits = (plan: Plan, limitOf: (provider: Plan['topology']['providers'][number]) => number): Plan => ({
  ...plan,
  topology: {
    ...plan.topology,
    providers: plan.topology.providers.map(provider => ({ ...provider, limit: limitOf(provider) })),
  },
})

/** A provider goes with its pace and its faults. */
function withProviders(plan: Plan, providers: Plan['topology']['providers']): Plan {
  const kept = new Set(providers.map(({ id }) => id))
  const paces = Object.fromEntries(Object.entries(plan.paces).filter(([id]) => kept.has(id)))
  const steps = plan.steps.filter(step => step.do !== 'inject' || kept.has(step.call.provider))
  return withSteps({ ...plan, topology: { ...plan.topology, providers }, paces }, steps)
}
