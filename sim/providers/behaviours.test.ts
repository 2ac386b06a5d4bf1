import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBehaviours } from './behaviours.ts'

test('undone in any order, and twice, the latest that still stands holds; in the end none does', () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })
  fc.assert(
    fc.property(order, undone => {
      const behaviours = createBehaviours()
      const undos = [500, 501, 502, 503].map(status => behaviours.behave({ kind: 'error', status, afterMs: 1 }))
      const standing = new Set([0, 1, 2, 3])
      for (const n of undone) {
        undos[n]!()
        undos[n]!()
        standing.delete(n)
        const expected = standing.size
          ? { kind: 'error', status: 500 + Math.max(...standing), afterMs: 1 }
          : { kind: 'healthy' }
        expect(behaviours.now()).toEqual(expected)
      }
    }),
  )
})

test('two equal behaviours are two', () => {
  const behaviours = createBehaviours()
  const nonsense = { kind: 'nonsense' } as const
  const undo = behaviours.behave(nonsense)
  behaviours.behave(nonsense)
  undo()
  expect(behaviours.now()).toEqual(nonsense)
})

test('counts what was shown', () => {
  const behaviours = createBehaviours()
  behaviours.count('error')
  behaviours.count('error')
  behaviours.count('healthy')
  expect(behaviours.counts()).toEqual({ error: 2, healthy: 1 })
})
