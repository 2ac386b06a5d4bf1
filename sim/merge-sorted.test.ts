import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSorted } from './merge-sorted.ts'

const sorted = fc.array(fc.integer({ min: 0, max: 9 })).map(times => times.toSorted((a, b) => a - b))

test('is what sorting all of them gives, and keeps the order of the sources at one instant', () => {
  fc.assert(
    fc.property(fc.array(sorted), times => {
      const sources = times.map((source, of) => source.map((at, n) => ({ at, of, n })))
      expect([...mergeSorted(sources)]).toEqual(sources.flat().sort((a, b) => a.at - b.at))
    }),
  )
})

test('takes no more of a source than it must', () => {
  function* endless(by: number) {
    for (let at = 0; ; at += by) yield { at }
  }
  const merged = mergeSorted([endless(2), endless(3)])
  const times = Array.from({ length: 6 }, () => merged.next().value!.at)
  expect(times).toEqual([0, 0, 2, 3, 4, 6])
})
