import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as scenarios from '../../../scenarios/index.ts'
import { misaimed } from '../../faults/aim.ts'
import type { Ask } from '../../load/load.ts'
import { asksOf } from '../../plan.ts'
import type { Scenario } from '../../scenario.ts'
import { plannedFor, swarmed } from './index.ts'
import { drawFrom, type Range, type RangeName, ranges, shortestAttemptMs, statuses } from './ranges.ts'

const storms = Object.values<Scenario>(scenarios)
const anySeed = fc.integer({ min: 0, max: 2 ** 31 })
const names = Object.keys(ranges) as RangeName[]

describe.each(storms)('$name', scenario => {
  const replay = (seed: number) => `replay: npx stormproof search ${scenario.name} --swarm --seeds 1 --from ${seed}`

  test('the same seed draws the same plan, to the byte; another seed another one', () => {
    fc.assert(
      fc.property(anySeed, seed => {
        const text = JSON.stringify(plannedFor(scenario, seed, true))
        expect(JSON.stringify(plannedFor(scenario, seed, true))).toBe(text)
        expect(JSON.stringify(plannedFor(scenario, seed + 1, true))).not.toBe(text)
      }),
      { numRuns: 10 },
    )
  })

  test('what is drawn fits together, and says what it always says', () => {
    fc.assert(
      fc.property(anySeed, seed => {
        const { topology, paces, phases, faults, ...same } = swarmed(scenario, seed)
        const { providers, instances, windowMs, toStore, transitMs } = topology
        expect({ ...same, load: scenario.load }).toMatchObject({ name: scenario.name, checks: scenario.checks })
        expect(within('instances', instances)).toBe(true)
        expect(providers.length).toBeGreaterThan(0)
        expect(Object.keys(paces).sort()).toEqual(providers.map(({ id }) => id).sort())
        expect(new Set(providers.map(({ id }) => id)).size).toBe(providers.length)
        const shortest = toStore ? shortestAttemptMs(toStore.maxMs) : 0
        for (const { id, limit, heartbeatMs } of providers) {
          expect(Number.isInteger(limit) && limit >= 1, replay(seed)).toBe(true)
          expect(heartbeatMs === 500 || within('heartbeatMs', heartbeatMs)).toBe(true)
          const { firstByteMs, tokens, spread } = paces[id]!
          expect(firstByteMs).toBeGreaterThanOrEqual(Math.floor(shortest))
          expect(Number.isInteger(tokens) && tokens >= 1 && spread < 1, replay(seed)).toBe(true)
        }
        if (toStore)
          expect(0 < toStore.minMs && toStore.minMs <= toStore.maxMs && 4 * toStore.maxMs < transitMs).toBe(true)
        const order = [0, phases.baselineAt, phases.stormAt, phases.recoveryAt, phases.endAt]
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        expect(windowMs).toBeGreaterThan(phases.endAt)
        for (const { at, for: lasts, call } of faults) {
          expect(at >= 0 && lasts > 0 && at + lasts <= phases.endAt, replay(seed)).toBe(true)
          expect(misaimed(call, topology), replay(seed)).toBeUndefined()
          // What has no error of its own, or none that comes after a time, keeps what it has.
          if (call.status === undefined) continue
          expect(Number(call.afterMs)).toBeGreaterThanOrEqual(shortest)
          expect([500, ...statuses]).toContain(call.status)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('its plans are plain data in order of time, and somebody asks during each fault', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const plan = plannedFor(scenario, seed, true)
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
      expect(plan.steps.map(({ at }) => at)).toEqual(plan.steps.map(({ at }) => at).toSorted((a, b) => a - b))
      const asks = asksOf(plan)
      expect(new Set(asks.map(({ request }) => request)).size).toBe(asks.length)
      expect(asks.every(({ via }) => via < plan.topology.instances)).toBe(true)
      // What happens to a provider is felt by who asks meanwhile; what happens to the store, by who holds anything.
      for (const { at, for: lasts } of swarmed(scenario, seed).faults.filter(({ call }) =>
        /^provider-/.test(call.fault),
      ))
        expect(asks.filter(ask => ask.at > at && ask.at < at + lasts).length, replay(seed)).toBeGreaterThan(10)
    }
  })
})

test('over the seeds everything varies, and everything is left alone at times', () => {
  const drawn = (name: RangeName) => Array.from({ length: 200 }, (_, seed) => drawFrom(seed)(name, Number.NaN, 'x'))
  for (const name of names) {
    const values = drawn(name)
    const varied = values.filter(value => !Number.isNaN(value))
    expect(varied.length, name).toBeGreaterThan(60)
    expect(varied.length, name).toBeLessThan(140)
    expect(
      varied.every(value => within(name, value)),
      name,
    ).toBe(true)
    const { from, to, whole }: Range = ranges[name]
    expect(new Set(varied).size, name).toBeGreaterThanOrEqual(whole ? Math.min(to - from + 1, 40) : 40)
  }
})

test('what a scenario allows is added in its storm, and each of it is, sooner or later', () => {
  const allowed = [
    { fault: 'slot-migrates', provider: 'beta', pauseMs: 20 },
    { fault: 'proxy-skewed', instance: 3 },
  ]
  const scenario = { ...scenarios.providerOutage, alsoUnder: allowed }
  const added = Array.from({ length: 100 }, (_, seed) => {
    const { faults, phases, topology } = swarmed(scenario, seed)
    const extra = faults.filter(({ call }) => call.fault !== 'provider-fails')
    // The storm is still the scenario's own where nobody meets what was added to it.
    expect(faults.filter(({ mayMiss }) => !mayMiss)).toHaveLength(scenario.faults.length)
    expect(extra.every(({ mayMiss }) => mayMiss)).toBe(true)
    for (const { at, for: lasts, call } of extra) {
      expect(at >= phases.stormAt && at + lasts <= phases.recoveryAt).toBe(true)
      expect(misaimed(call, topology)).toBeUndefined()
    }
    expect(topology.instances).toBeGreaterThanOrEqual(4)
    return extra.map(({ call }) => call)
  }).flat()
  expect(new Set(added.map(({ fault }) => fault))).toEqual(new Set(['slot-migrates', 'proxy-skewed']))
  const pauses = added.map(({ pauseMs }) => pauseMs).filter(pause => pause !== undefined)
  expect(new Set(pauses).size).toBeGreaterThan(3)
  expect(swarmed({ ...scenario, alsoUnder: [] }, 1).faults.every(({ call }) => call.fault === 'provider-fails')).toBe(
    true,
  )
})

test('what is drawn shows in the storm', () => {
  const storm = { ...scenarios.providerOutage, alsoUnder: [] }
  const all = Array.from({ length: 150 }, (_, seed) => swarmed(storm, seed))
  const seen = <T>(of: (scenario: Scenario) => T | readonly T[]) => new Set(all.flatMap(of))
  expect(seen(({ topology }) => topology.instances)).toEqual(new Set([1, 2, 3, 4, 5]))
  expect(seen(({ topology }) => topology.providers.length)).toEqual(new Set([1, 2, 3, 4]))
  expect(seen(({ topology }) => topology.providers.map(({ unit }) => unit))).toEqual(new Set(['session', 'attempt']))
  expect(seen(({ topology }) => topology.toStore !== undefined)).toEqual(new Set([true, false]))
  expect(seen(({ faults }) => faults.map(({ call }) => call.status))).toEqual(new Set(statuses))
  expect(seen(({ faults }) => faults.length)).toEqual(new Set([1, 2]))
  expect(seen(({ faults }) => faults.map(({ call }) => call.provider)).size).toBeGreaterThan(1)
  const asks = all.map(({ load }) => load.flatMap(one => [...one.asks(1)]))
  expect(new Set(asks.map(({ length }) => length)).size).toBeGreaterThan(30)
  const most = (share: (asks: Ask[]) => number) => Math.max(...asks.map(share))
  expect(most(list => list.filter(({ stream }) => stream).length / list.length)).toBeGreaterThan(0.9)
  expect(most(list => list.filter(({ shape }) => shape === 'openai').length / list.length)).toBeGreaterThan(0.9)
  expect(asks.some(list => new Set(list.map(({ session }) => session)).size < list.length / 4)).toBe(true)
})

test('planted members are fewer in some storms', () => {
  const counts = Array.from({ length: 40 }, (_, seed) => swarmed(scenarios.deadMembers, seed).faults[0]!.call.count)
  expect(new Set(counts).size).toBeGreaterThan(10)
  expect(Math.max(...counts.map(Number))).toBe(scenarios.deadMembers.faults[0]!.call.count)
})

test('a closed loop ends with its storm, however long that takes', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { load, phases } = swarmed(scenarios.hotProvider, seed)
    const loops = load.flatMap(one => [...one.asks(seed)]).flatMap(({ again }) => again ?? [])
    expect(loops.length).toBeGreaterThan(0)
    for (const { until } of loops) expect(Math.round(until)).toBe(phases.recoveryAt)
  }
})

const within = (name: RangeName, value: number) => ranges[name].from <= value && value <= ranges[name].to
