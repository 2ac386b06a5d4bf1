import { expect, test } from 'vitest'
import { providerOutage } from '../scenarios/index.ts'
import { poisson } from './load/index.ts'
import { drawAsks, drawPlan, makePlan } from './plan.ts'

/** A storm of thirty years: nobody has the memory for all of it. */
const endAt = 1e12
const endless = {
  ...providerOutage,
  load: ['one', 'other'].map(name => poisson({ name, from: 0, to: endAt, perSecond: 1_000 })),
  phases: { baselineAt: 0, stormAt: 10, recoveryAt: endAt, endAt },
  faults: [{ at: 10, for: 20, call: { fault: 'provider-fails', provider: 'alpha' } }],
}

test('steps are drawn as they are taken, and each walk draws the same', () => {
  const { steps } = drawPlan(endless, 1)
  const walk = () =>
    Array.from(
      { length: 100 },
      (
        taken => () =>
          taken.next().value!
      )(steps[Symbol.iterator]()),
    )
  const first = walk()
  expect(walk()).toEqual(first)
  const times = first.map(({ at }) => at)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(first.filter(step => step.do !== 'ask').map(step => [step.do, step.at])).toEqual([
    ['phase', 0],
    ['phase', 0],
    ['phase', 10],
    ['inject', 10],
    ['heal', 30],
  ])
  const asks = first.filter(step => step.do === 'ask')
  expect(asks.map(({ request }) => request)).toEqual(asks.map((_, n) => `r${n + 1}`))
  expect(asks.map(({ via }) => via)).toEqual(asks.map((_, n) => n % endless.topology.instances))
  expect(new Set(asks.map(({ session }) => session.split('-')[0]))).toEqual(new Set(['one', 'other']))
})

test('a plan in memory holds what is drawn', () => {
  const { steps, ...rest } = makePlan(providerOutage, 5)
  const drawn = drawPlan(providerOutage, 5)
  expect(drawn).toMatchObject(rest)
  expect([...drawn.steps]).toEqual(steps)
  expect([...drawAsks(drawn)]).toEqual(steps.filter(step => step.do === 'ask'))
})
