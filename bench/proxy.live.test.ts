import { expect, test } from 'vitest'
import { measureProxy } from './proxy.ts'

test('a third of the requests goes through the proxy, which acquires and releases for each; the others know no store', async () => {
  const { times, roundTrip, scripts } = await measureProxy(2, 1)
  const { proxied } = times
  expect(proxied.whole.count).toBeGreaterThan(60)
  for (const { firstByte, whole } of Object.values(times)) {
    expect(firstByte.count).toBe(whole.count)
    expect(Math.abs(whole.count - proxied.whole.count)).toBeLessThanOrEqual(1)
  }
  // Beats come on top, and what the warm-up released late.
  expect(scripts.count).toBeGreaterThanOrEqual(2 * proxied.whole.count - 2)
  expect(scripts.count).toBeLessThan(2.2 * proxied.whole.count)
  expect(roundTrip.p50Ms).toBeGreaterThan(0)
  expect(scripts.p99Us).toBeGreaterThanOrEqual(scripts.p50Us)
})
