/** What every scenario promises, whatever world plays it. */
import { describe, expect, test } from 'vitest'
import * as trackers from '../proxy/tracker/index.ts'
import { misaimed } from '../sim/faults/aim.ts'
import { makePlan } from '../sim/plan.ts'
import type { Scenario } from '../sim/scenario.ts'
import * as registry from './index.ts'

const variants = Object.values(trackers)

describe.each(Object.values<Scenario>(registry))('$name', scenario => {
  const { checks, catches, spares, topology, paces, phases } = scenario

  test('the same seed gives the same plan, to the byte; another seed another one', () => {
    expect(JSON.stringify(makePlan(scenario, 7))).toBe(JSON.stringify(makePlan(scenario, 7)))
    expect(JSON.stringify(makePlan(scenario, 7))).not.toBe(JSON.stringify(makePlan(scenario, 8)))
  })

  test('its plan is plain data in order of time, with a name for each request', () => {
    const plan = makePlan(scenario, 1)
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(plan.steps.map(({ at }) => at)).toEqual(plan.steps.map(({ at }) => at).toSorted((a, b) => a - b))
    const requests = plan.steps.flatMap(step => (step.do === 'ask' ? [step.request] : []))
    expect(new Set(requests).size).toBe(requests.length)
    expect(requests.length).toBeGreaterThan(100)
  })

  test('each wrong tracker it names exists, and has a claim to break here', () => {
    for (const name of catches) {
      const { breaks } = variants.find(variant => variant.name === name)!
      expect(checks.some(check => breaks.includes(check.name))).toBe(true)
    }
    for (const name of spares) expect(variants.map(variant => variant.name)).toContain(name)
  })

  test('its faults, providers and phases fit together', () => {
    const ids = topology.providers.map(({ id }) => id)
    expect(Object.keys(paces).sort()).toEqual(ids.toSorted())
    for (const { call, at, for: lasting } of scenario.faults) {
      expect(misaimed(call, topology)).toBeUndefined()
      expect(at + lasting).toBeLessThanOrEqual(phases.endAt)
    }
    const order = [0, phases.baselineAt, phases.stormAt, phases.recoveryAt, phases.endAt]
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    // Windows outlast the run: see the topology.
    expect(topology.windowMs).toBeGreaterThan(phases.endAt)
  })
})
