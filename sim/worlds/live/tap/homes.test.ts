import { expect, test } from 'vitest'
import { type Home, Homes } from './homes.ts'
import type { Sighting } from './shard.ts'

const key = 'k'
let offset = 0
const change = (member: string, before: number | null, after: number | null, whole = false): Sighting => ({
  key,
  member,
  before,
  after,
  offset: ++offset,
  since: offset,
  at: offset,
  node: 'n',
  ...(whole && { whole }),
})

function setUp() {
  const holding = new Set<Home>()
  const shard = (): Home => {
    const self: Home = { holds: () => holding.has(self), toldBeyond: () => Promise.resolve() }
    return self
  }
  const [source, target] = [shard(), shard()]
  holding.add(source)
  const told: [string, number | null][] = []
  let now = 0
  let owner = source
  const homes = new Homes({
    shards: [source, target],
    homes: new Map([[key, source]]),
    ownerOf: async () => owner,
    tell: (_kind, { member, after }) => void told.push([member, after]),
    now: () => (now += 100),
  })
  homes.take(source, 'changed', change('a', null, 1))
  homes.take(source, 'changed', change('b', null, 2))
  told.splice(0)
  return { homes, source, target, holding, told, hand: (to: Home) => (owner = to) }
}

test('a key that moves keeps its members: only what changed is told, and the target is followed', async () => {
  const { homes, source, target, holding, told } = setUp()
  homes.take(target, 'changed', change('a', null, 1))
  homes.take(target, 'changed', change('c', null, 3))
  holding.delete(source)
  holding.add(target)
  for (const [member, score] of [['a', 1] as const, ['b', 2] as const])
    homes.take(source, 'changed', change(member, score, null, true))
  await homes.settled()
  expect(told).toEqual([
    ['c', 3],
    ['b', null],
  ])
  expect(homes.of(key)).toBe(target)
  homes.take(target, 'changed', change('d', null, 4))
  expect(told.at(-1)).toEqual(['d', 4])
})

test('a key that is deleted, and restored nowhere, is gone', async () => {
  const { homes, source, holding, told } = setUp()
  holding.delete(source)
  homes.take(source, 'changed', change('a', 1, null, true))
  homes.take(source, 'changed', change('b', 2, null, true))
  await homes.settled()
  expect(told).toEqual([
    ['a', null],
    ['b', null],
  ])
  expect(homes.of(key)).toBe(source)
})

test('a copy whose source is never deleted counts for nothing while the source owns the slot', async () => {
  const { homes, source, target, told } = setUp()
  homes.take(target, 'changed', change('a', null, 9))
  await homes.settled()
  expect(told).toEqual([])
  expect(homes.of(key)).toBe(source)
})

test('a key that does not exist is looked for where its slot is', async () => {
  const { homes, target, source, holding, hand } = setUp()
  hand(target)
  await homes.lookFor(key)
  expect(homes.of(key)).toBe(source)
  holding.delete(source)
  await homes.lookFor(key)
  expect(homes.of(key)).toBe(target)
})
