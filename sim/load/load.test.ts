import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type * as registry from './index.ts'
import { bursts, constant, conversations, poisson, ramp, rushes, saturate } from './index.ts'
import type { Load } from './load.ts'

const samples: Record<keyof typeof registry, Load> = {
  poisson: poisson({ name: 'p', from: 500, to: 4_500, perSecond: 100, sessions: 20 }),
  conversations: conversations({
    name: 'c',
    sessions: 30,
    turns: [
      { from: 500, count: 10, everyMs: 100 },
      { from: 3_000, count: 2, everyMs: 500 },
    ],
  }),
  bursts: bursts({ name: 'b', from: 500, to: 4_500, perSecond: 40, size: 3, sessions: 10 }),
  rushes: rushes({ name: 'r', from: 500, to: 2_500, everyMs: 500, size: 12 }),
  constant: constant({ name: 'k', from: 500, to: 4_500, everyMs: 5 }),
  ramp: ramp({ name: 'u', from: 500, to: 4_500, perSecond: [20, 400] }),
  saturate: saturate({ name: 's', from: 500, to: 4_500, clients: 400 }),
}
const anySeed = fc.integer({ min: 0, max: 2 ** 31 })

describe.each(Object.entries(samples))('%s', (_, load) => {
  test('is sorted, in whole microseconds, and within its time', () => {
    fc.assert(
      fc.property(anySeed, seed => {
        const times = [...load.asks(seed)].map(({ at }) => at)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        for (const at of times) {
          expect(Math.round(at * 1000) / 1000).toBe(at)
          expect(at).toBeGreaterThanOrEqual(500)
          expect(at).toBeLessThanOrEqual(4_500)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('the seed decides it', () => {
    const differ = ([one, other]: [number, number]) => one !== other
    fc.assert(
      fc.property(fc.tuple(anySeed, anySeed).filter(differ), ([one, other]) => {
        expect([...load.asks(one)]).toEqual([...load.asks(one)])
        expect([...load.asks(one)]).not.toEqual([...load.asks(other)])
      }),
      { numRuns: 20 },
    )
  })

  test('asks in both shapes, streamed and plain, about half and half', () => {
    const asks = [...load.asks(1)]
    const share = (kept: number) => Math.abs(kept / asks.length - 0.5)
    expect(share(asks.filter(({ stream }) => stream).length)).toBeLessThan(0.1)
    expect(share(asks.filter(({ shape }) => shape === 'anthropic').length)).toBeLessThan(0.1)
  })
})

test('a constant load is even, a ramp rises evenly', () => {
  const times = [...samples.constant.asks(1)].map(({ at }) => at)
  expect(new Set(times.map((at, n) => at - (times[n - 1] ?? 495)))).toEqual(new Set([5]))
  const risen = (load: Load) => [...load.asks(1)].filter(({ at }) => at > 2_500).length / [...load.asks(1)].length
  // Of a line from 20 to 400 a second the upper half of the time takes three quarters, less the rectangle below it.
  expect(risen(samples.ramp)).toBeGreaterThan(0.68)
  expect(risen(samples.ramp)).toBeLessThan(0.79)
  expect(risen(ramp({ name: 'u', from: 500, to: 4_500, perSecond: [400, 20] }))).toBeLessThan(0.32)
})

test('clients leave as often as asked for, half of them after the send, half after the first byte', () => {
  const mix = { streams: 0.5, anthropic: 0.5, leavers: { share: 0.3, withinMs: 80 } }
  const asks = [...poisson({ name: 'p', from: 0, to: 20_000, perSecond: 100, mix }).asks(7)]
  const leavers = asks.flatMap(({ leaves }) => leaves ?? [])
  expect(Math.abs(leavers.length / asks.length - 0.3)).toBeLessThan(0.05)
  const early = leavers.filter(({ after }) => after === 'send')
  expect(Math.abs(early.length / leavers.length - 0.5)).toBeLessThan(0.1)
  for (const { ms } of leavers) expect(ms).toBeLessThanOrEqual(80)
})

test('Poisson arrivals have their mean rate and the variance of a Poisson process', () => {
  const counts = Array.from(
    { length: 200 },
    (_, seed) => [...poisson({ name: 'p', from: 0, to: 1_000, perSecond: 100 }).asks(seed)].length,
  )
  const mean = counts.reduce((sum, count) => sum + count) / counts.length
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1)
  // Five standard errors: 10 / √200 of the mean, 100 · √(2 / 199) of the variance.
  expect(Math.abs(mean - 100)).toBeLessThan(3.6)
  expect(Math.abs(variance - 100)).toBeLessThan(50)
})

test('Poisson: fresh sessions, or drawn from a pool', () => {
  const fresh = [...poisson({ name: 'p', from: 0, to: 1_000, perSecond: 100 }).asks(1)]
  expect(new Set(fresh.map(({ session }) => session)).size).toBe(fresh.length)
  const pooled = [...samples.poisson.asks(1)]
  expect(new Set(pooled.map(({ session }) => session)).size).toBe(20)
})

test('a load of its own name has sessions and times of its own', () => {
  const [one, other] = ['one', 'other'].map(name => [...poisson({ name, from: 0, to: 1_000, perSecond: 100 }).asks(1)])
  expect(one!.map(({ at }) => at)).not.toEqual(other!.map(({ at }) => at))
  expect(new Set([...one!, ...other!].map(({ session }) => session)).size).toBe(one!.length + other!.length)
})

test('conversations: each session asks every turn, at its spacing', () => {
  const asks = [...samples.conversations.asks(3)]
  expect(asks).toHaveLength(30 * 12)
  for (let s = 0; s < 30; s++) {
    const times = asks.filter(({ session }) => session === `c-${s}`).map(({ at }) => at)
    expect(times).toHaveLength(12)
    const gaps = times.slice(1, 10).map((at, n) => at - times[n]!)
    for (const gap of gaps) expect(gap).toBeCloseTo(100, 2)
    expect(times[10]).toBeGreaterThanOrEqual(3_000)
    expect(times[11]! - times[10]!).toBeCloseTo(500, 2)
  }
})

test('conversations: no turns before the failure is a load too', () => {
  const turns = [
    { from: 0, count: 0, everyMs: 100 },
    { from: 1_000, count: 1, everyMs: 100 },
  ]
  const asks = [...conversations({ name: 'c', sessions: 5, turns }).asks(1)]
  expect(asks).toHaveLength(5)
  expect(asks.every(({ at }) => at >= 1_000)).toBe(true)
})

test('bursts: a session sends all of a burst at one instant, at the mean rate', () => {
  const asks = [...bursts({ name: 'b', from: 0, to: 10_000, perSecond: 40, size: 3, sessions: 10 }).asks(2)]
  const instants = Map.groupBy(asks, ({ at }) => at)
  for (const burst of instants.values()) {
    expect(burst.length % 3).toBe(0)
    if (burst.length === 3) expect(new Set(burst.map(({ session }) => session)).size).toBe(1)
  }
  // Five standard deviations of a Poisson count of 400.
  expect(Math.abs(asks.length / 3 - 400)).toBeLessThan(100)
})

test('rushes: strangers at one instant, again and again', () => {
  const asks = [...samples.rushes.asks(5)]
  const instants = [...Map.groupBy(asks, ({ at }) => at).entries()]
  expect(instants).toHaveLength(4)
  for (const [n, [at, rush]] of instants.entries()) {
    expect(rush).toHaveLength(12)
    expect(at).toBeGreaterThanOrEqual(500 + n * 500)
    expect(at).toBeLessThan(600 + n * 500)
  }
  expect(new Set(asks.map(({ session }) => session)).size).toBe(48)
})
