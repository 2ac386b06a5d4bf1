import { expect, test } from 'vitest'
import { soak } from './soak.ts'

/** The tenth part of what `soak(60_000, 1)` asks of a machine; the shorter it is, the more a cache that still fills weighs. */
test('the memory of a proxy that is used and abandoned comes back to its level', async () => {
  const { growth, left, abandoned, requests } = await soak(6_000, 1)
  expect(left).toEqual({ requests: 0, held: 0, calls: 0, releases: 0 })
  expect(abandoned).toBeGreaterThan(requests * 0.05)
  expect(growth).toBeLessThan(1.2)
})
