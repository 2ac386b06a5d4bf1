import { expect, test } from 'vitest'
import { measureProxy } from './proxy.ts'

test('every other request goes through the proxy, which acquires and releases for each; the others know no store', async () => {
  const { straight, proxied, roundTrip, scripts } = await measureProxy(2, 1)
  expect(proxied.whole.length).toBeGreaterThan(100)
  expect(Math.abs(straight.whole.length - proxied.whole.length)).toBeLessThanOrEqual(1)
  for (const { firstByte, whole } of [straight, proxied]) expect(firstByte.length).toBe(whole.length)
  // Beats come on top, and what the warm-up released late.
  expect(scripts.count).toBeGreaterThanOrEqual(2 * proxied.whole.length - 2)
  expect(scripts.count).toBeLessThan(2.2 * proxied.whole.length)
  expect(roundTrip.p50Ms).toBeGreaterThan(0)
})
