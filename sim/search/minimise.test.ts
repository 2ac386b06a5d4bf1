import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minimise } from './minimise.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

test('what a monotone failure needs is what stays, in its order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 200 }).chain(count => fc.tuple(fc.constant(count), fc.subarray(numbers(count)))),
      async ([count, needed]) => {
        const left = await minimise(numbers(count), async rest => needed.every(item => rest.includes(item)))
        expect(left).toEqual(needed)
      },
    ),
  )
})

test('whatever the failure, the rest fails, and no single item can be dropped', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 7 }), async (count, modulus) => {
      const fails = async (rest: readonly number[]) => rest.reduce((sum, item) => sum + item, 1) % modulus !== 0
      fc.pre(await fails(numbers(count)))
      const left = await minimise(numbers(count), fails)
      expect(await fails(left)).toBe(true)
      for (const item of left) expect(await fails(left.filter(other => other !== item))).toBe(false)
    }),
  )
})

test('three of ten thousand are found in some dozens of tries', async () => {
  let tries = 0
  const left = await minimise(numbers(10_000), async rest => {
    tries++
    return [17, 4_711, 9_998].every(item => rest.includes(item))
  })
  expect(left).toEqual([17, 4_711, 9_998])
  expect(tries).toBeLessThan(120)
})
