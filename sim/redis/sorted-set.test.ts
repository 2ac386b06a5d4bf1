/** Against the plainest model there is: an array that is sorted again after each change. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, type ScoreRange, SortedSet } from './sorted-set.ts'

const byScore = (a: Entry, b: Entry) => a.score - b.score || (a.member < b.member ? -1 : 1)
const inRange = ({ min, minOpen, max, maxOpen }: ScoreRange, score: number) =>
  (minOpen ? score > min : score >= min) && (maxOpen ? score < max : score <= max)

const member = fc.nat(60).map(n => `m${n}`)
const score = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(-0, 0.5, Infinity, -Infinity, 1e15))
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ member, score }) },
  { weight: 1, arbitrary: fc.record({ member, score: fc.constant(undefined) }) },
)
const range = fc.record({ min: score, minOpen: fc.boolean(), max: score, maxOpen: fc.boolean() })

test('changes, ranges, counts, slices and copies are those of a sorted array', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 120 }),
      range,
      fc.nat(10),
      fc.nat(20),
      (changes, bounds, offset, limit) => {
        const set = new SortedSet()
        const model = new Map<string, number>()
        for (const { member, score } of changes) {
          expect(score === undefined ? set.delete(member) : set.set(member, score)).toBe(model.get(member))
          if (score === undefined) model.delete(member)
          // An equal score is no change, and -0 equals 0.
          else if (model.get(member) !== score) model.set(member, score)
        }
        const sorted = [...model].map(([member, score]) => ({ member, score })).sort(byScore)
        expect([...set]).toEqual(sorted)
        expect(set.size).toBe(sorted.length)
        const within = sorted.filter(({ score }) => inRange(bounds, score))
        expect(set.count(bounds)).toBe(within.length)
        expect(set.within(bounds, false, offset, limit)).toEqual(within.slice(offset, offset + limit))
        expect(set.within(bounds, true, offset, limit)).toEqual(within.toReversed().slice(offset, offset + limit))
        expect(set.slice(offset, offset + limit)).toEqual(sorted.slice(offset, offset + limit))
        const copy = set.copy()
        set.set('new', 0)
        expect([...copy]).toEqual(sorted)
      },
    ),
  )
})

test('thousands of entries, in pieces: in order after each way of filling and emptying', () => {
  const names = Array.from({ length: 3_000 }, (_, n) => `m${String(n).padStart(4, '0')}`)
  for (const order of [names, names.toReversed(), names.toSorted((a, b) => a.at(-1)!.localeCompare(b.at(-1)!))]) {
    const set = new SortedSet()
    for (const name of order) set.set(name, Number(name.slice(1)))
    expect([...set].map(({ member }) => member)).toEqual(names)
    expect(set.slice(1_499, 1_502).map(({ member }) => member)).toEqual(['m1499', 'm1500', 'm1501'])
    expect(set.count({ min: 1_000, minOpen: false, max: 2_000, maxOpen: true })).toBe(1_000)
    for (const name of order.filter((_, n) => n % 2)) set.delete(name)
    expect(set.size).toBe(1_500)
    expect([...set].map(({ score }) => score)).toEqual([...set].map(({ score }) => score).toSorted((a, b) => a - b))
  }
})
