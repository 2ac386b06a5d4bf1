import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShortLived } from './short-lived.ts'

test('is a Map, however much comes and goes', () => {
  const step = fc.tuple(fc.nat(9), fc.constantFrom('set', 'delete'))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_000, size: 'max' }), steps => {
      const map = new Map<number, number>()
      const passing = new ShortLived<number, number>()
      for (const [n, [key, does]] of steps.entries()) {
        if (does === 'set') {
          map.set(key, n)
          passing.set(key, n)
        } else expect(passing.delete(key)).toBe(map.delete(key))
        expect([passing.size, passing.has(key), passing.get(key)]).toEqual([map.size, map.has(key), map.get(key)])
      }
      expect([...passing]).toEqual([...map])
      expect([...passing.keys(), ...passing.values()]).toEqual([...map.keys(), ...map.values()])
    }),
  )
})

test('whoever walks it may delete what he comes to', () => {
  const passing = new ShortLived<number, true>()
  for (let n = 0; n < 500; n++) passing.set(n, true)
  let seen = 0
  for (const [key] of passing) {
    passing.delete(key)
    seen++
  }
  expect([seen, passing.size]).toEqual([500, 0])
})
