import { describe, expect, test } from 'vitest'
import { createRandom } from '../sim/random.ts'
import { acts, scripted } from '../sim/scripted/index.ts'
import { backOff } from './back-off.ts'
import { retryAfterOf } from './retry-after.ts'
import { RetryBudget } from './retry-budget.ts'

describe('the budget', () => {
  test('is a burst, and then a share of the first tries', () => {
    const budget = new RetryBudget({ ratio: 0.2, burst: 2 })
    const spendAll = () => {
      let spent = 0
      while (budget.spend()) spent++
      return spent
    }
    expect(spendAll()).toBe(2)
    for (let n = 0; n < 4; n++) budget.earn()
    expect(spendAll()).toBe(0)
    budget.earn()
    expect(spendAll()).toBe(1)
    for (let n = 0; n < 100; n++) budget.earn()
    expect(spendAll()).toBe(2)
  })

  test('counts tenths as tenths', () => {
    const budget = new RetryBudget({ ratio: 0.1, burst: 1 })
    budget.spend()
    for (let n = 0; n < 10; n++) budget.earn()
    expect(budget.spend()).toBe(true)
  })

  test('is shared by all requests: in an outage the retries stay below it', async () => {
    const world = scripted({
      manners: { backOff: { baseMs: 1, capMs: 1 } },
      providers: { a: { does: [acts.error(500)], attempts: 5, limit: 0, retryBudget: { ratio: 0.5, burst: 4 } } },
    })
    for (let n = 0; n < 20; n++) world.ask()
    await world.run()
    // All first tries come before the first retry: the bucket is full then.
    expect(world.notes.filter(({ did }) => did === 'send')).toHaveLength(20 + 4)
    for (let n = 0; n < 20; n++) {
      world.ask()
      await world.run()
    }
    expect(world.of('retry')).toHaveLength(4 + 0.5 * 20)
  })
})

describe('the back-off', () => {
  test('is drawn below base, doubled at each retry, up to a cap', () => {
    const most = (nth: number) => {
      const random = createRandom(nth)
      return Math.max(...Array.from({ length: 1_000 }, () => backOff(nth, { baseMs: 50, capMs: 300 }, random)))
    }
    for (const [nth, limit] of [
      [1, 50],
      [2, 100],
      [3, 200],
      [4, 300],
      [60, 300],
    ] as const) {
      expect(most(nth)).toBeLessThan(limit)
      expect(most(nth)).toBeGreaterThan(0.98 * limit)
    }
  })

  test('lies between two attempts, with no slot held', async () => {
    const world = scripted({
      manners: { backOff: { baseMs: 1_000, capMs: 1_000 } },
      providers: { a: { does: [acts.error(500), acts.ok()], attempts: 2 } },
    })
    const heard = world.ask()
    await world.run(15)
    expect(world.proxy.state().providers[0]).toMatchObject({ held: 0, inFlight: 0 })
    expect(world.proxy.state().requestsInFlight).toBe(1)
    await world.run()
    expect(heard.status).toBe(200)
  })

  test('is not the same for two requests that fail together', async () => {
    const world = scripted({
      manners: { backOff: { baseMs: 1_000, capMs: 1_000 } },
      providers: { a: { does: [acts.error(500)], attempts: 2, limit: 0 } },
    })
    for (let n = 0; n < 5; n++) world.ask()
    await world.run()
    expect(new Set(world.of('retry').map(({ afterMs }) => afterMs)).size).toBe(5)
  })
})

describe('Retry-After', () => {
  test.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 10_000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 0],
    [{ 'retry-after': '999999999' }, 3_600_000],
    // Without the reply's own date, a date says nothing: the proxy asks no clock.
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('%j is %j ms', (headers, ms) => {
    expect(retryAfterOf(headers as Record<string, string>)).toBe(ms)
  })
})
