import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'

const named = (name: number) => ({ name, gone: false })

test('the first is told apart, and is followed by whoever is not gone', () => {
  const line = new Deadlines<ReturnType<typeof named>>()
  const [one, two, three] = [named(1), named(2), named(3)]
  expect([one, two, three].map(each => line.add(each))).toEqual([true, false, false])
  two.gone = true
  expect(line.next()).toBe(three)
  expect(line.next()).toBeUndefined()
  expect(line.add(named(4))).toBe(true)
})

test('however many come and go, they are answered in order, each that is not gone once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6_000, size: 'max' }), steps => {
      const line = new Deadlines<ReturnType<typeof named>>()
      const waiting: ReturnType<typeof named>[] = []
      for (const [n, step] of steps.entries())
        if (step < 2) {
          const one = named(n)
          expect(line.add(one)).toBe(waiting.length === 0)
          waiting.push(one)
        } else if (step === 2 && waiting.length > 1) {
          // Anyone but the first may be called off.
          waiting.splice(1 + (n % (waiting.length - 1)), 1)[0]!.gone = true
        } else if (waiting.length) {
          waiting.shift()
          expect(line.next()).toBe(waiting[0])
        }
    }),
    { numRuns: 50 },
  )
})
