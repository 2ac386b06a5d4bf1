import { expect, test } from 'vitest'
import { createRandom } from '../sim/random.ts'
import { order } from './choose.ts'

const provider = (id: string, priority: number, weight: number) => ({ provider: { id, priority, weight } })

test('lower priorities come first, whatever the weights', () => {
  const random = createRandom(1)
  for (let n = 0; n < 100; n++)
    expect(order([provider('b', 2, 100), provider('a', 1, 1)], random).map(({ provider }) => provider.id)).toEqual([
      'a',
      'b',
    ])
})

test('among equals the first is drawn by weight', () => {
  const random = createRandom(7)
  let heavy = 0
  for (let n = 0; n < 4_000; n++)
    if (order([provider('light', 1, 1), provider('heavy', 1, 3)], random)[0]!.provider.id === 'heavy') heavy++
  expect(heavy / 4_000).toBeGreaterThan(0.72)
  expect(heavy / 4_000).toBeLessThan(0.78)
})
