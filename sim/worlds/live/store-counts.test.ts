import { expect, test } from 'vitest'
import { difference } from './store-counts.ts'

test('the difference keeps only what was added', () => {
  const before = { commands: 10, errors: { MOVED: 2, CROSSSLOT: 1 } }
  const after = { commands: 15, errors: { MOVED: 2, CROSSSLOT: 4, TRYAGAIN: 1 } }
  expect(difference(before, after)).toEqual({ commands: 5, errors: { CROSSSLOT: 3, TRYAGAIN: 1 } })
})
