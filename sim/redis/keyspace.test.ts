/** Expiry, the account of every change, and taking changes back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Change, Keyspace, type Value } from './keyspace.ts'

function stage() {
  const at = { now: 1_000 }
  const told: Change[] = []
  const keyspace = new Keyspace(
    () => at.now,
    change => void told.push(change),
  )
  return { at, told, keyspace }
}

/** What a keyspace holds, to be compared. */
const contents = (keyspace: Keyspace) =>
  keyspace
    .keys()
    .toSorted()
    .map(key => [key, plain(keyspace.get(key)!), keyspace.expiryOf(key)])
const plain = (value: Value) =>
  value.type === 'zset' ? [...value.set] : value.type === 'hash' ? [...value.fields].toSorted() : value.text

describe('expiry', () => {
  test('a key is there up to its last millisecond, and goes when it is touched after', () => {
    const { at, told, keyspace } = stage()
    keyspace.setMember('z', 'm', 1)
    keyspace.expireAt('z', 1_500)
    at.now = 1_500.9
    expect(keyspace.has('z')).toBe(true)
    at.now = 1_501
    expect(keyspace.size).toBe(1)
    expect(keyspace.has('z')).toBe(false)
    expect(keyspace.size).toBe(0)
    expect(told.at(-1)).toMatchObject({ key: 'z', member: 'm', before: 1, after: null })
  })

  test('a sweep deletes all that is past, and says when the next will be', () => {
    const { at, keyspace } = stage()
    for (const [key, end] of [
      ['a', 1_100],
      ['b', 1_200],
      ['c', 1_300],
    ] as const) {
      keyspace.setText(key, 'x')
      keyspace.expireAt(key, end)
    }
    keyspace.setText('for ever', 'x')
    at.now = 1_250
    expect(keyspace.sweep()).toBe(1_300)
    expect(keyspace.keys().toSorted()).toEqual(['c', 'for ever'])
    at.now = 2_000
    expect(keyspace.sweep()).toBeUndefined()
    expect(keyspace.expiring).toBe(false)
  })

  test('a text leaves the expiry alone, whatever the key was', () => {
    const { told, keyspace } = stage()
    keyspace.setMember('z', 'm', 1)
    keyspace.expireAt('z', 1_500)
    const before = contents(keyspace)
    told.length = 0
    keyspace.setText('z', 'x')
    expect(contents(keyspace)).toEqual([['z', 'x', 1_500]])
    for (const change of told.toReversed()) change.undo(keyspace)
    expect(contents(keyspace)).toEqual(before)
  })

  test('the last member takes the expiry with it', () => {
    const { keyspace } = stage()
    keyspace.setMember('z', 'm', 1)
    keyspace.expireAt('z', 5_000)
    keyspace.setMember('z', 'm', null)
    keyspace.setMember('z', 'm', 1)
    expect(keyspace.expiryOf('z')).toBeUndefined()
  })
})

test('each member that comes, moves or goes is told once; what changes nothing is not', () => {
  const { told, keyspace } = stage()
  keyspace.setMember('z', 'a', 1)
  keyspace.setMember('z', 'a', 1)
  keyspace.setMember('z', 'a', 2)
  keyspace.setMember('z', 'b', 3)
  keyspace.setMember('z', 'nobody', null)
  keyspace.delete('z')
  expect(told.map(({ member, before, after }) => [member, before, after])).toEqual([
    ['a', null, 1],
    ['a', 1, 2],
    ['b', null, 3],
    ['a', 2, null],
    ['b', 3, null],
  ])
})

test('a key of another type is an error in Redis’s words, and nothing happens', () => {
  const { told, keyspace } = stage()
  keyspace.setText('s', 'x')
  const before = told.length
  for (const wrong of [
    () => keyspace.setMember('s', 'm', 1),
    () => keyspace.setField('s', 'f', 'x'),
    () => keyspace.zset('s'),
    () => keyspace.hash('s'),
  ])
    expect(wrong).toThrow('WRONGTYPE Operation against a key holding the wrong kind of value')
  expect(told.length).toBe(before)
})

describe('taking back', () => {
  const key = fc.constantFrom('a', 'b')
  const step = fc.oneof(
    fc.record({
      do: fc.constant('member' as const),
      key,
      name: fc.constantFrom('x', 'y'),
      score: fc.option(fc.integer({ min: 1, max: 3 })),
    }),
    fc.record({
      do: fc.constant('field' as const),
      key: fc.constant('h'),
      name: fc.constantFrom('x', 'y'),
      text: fc.option(fc.constantFrom('1', '2')),
    }),
    fc.record({ do: fc.constant('text' as const), key: fc.constant('s'), text: fc.constantFrom('1', '2') }),
    fc.record({
      do: fc.constant('expire' as const),
      key: fc.constantFrom('a', 'h', 's'),
      at: fc.option(fc.constantFrom(5_000, 6_000)),
    }),
    fc.record({ do: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'h', 's') }),
    fc.record({ do: fc.constant('clear' as const) }),
  )
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

  function take(keyspace: Keyspace, step: Step) {
    if (step.do === 'member') keyspace.setMember(step.key, step.name, step.score)
    else if (step.do === 'field') keyspace.setField(step.key, step.name, step.text)
    else if (step.do === 'text') keyspace.setText(step.key, step.text)
    else if (step.do === 'delete') keyspace.delete(step.key)
    else if (step.do === 'clear') keyspace.clear()
    else if (keyspace.has(step.key)) keyspace.expireAt(step.key, step.at ?? undefined)
  }

  test('newest first, any tail of changes leads back to what was before it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 15 }), (kept, lost) => {
        const { told, keyspace } = stage()
        for (const one of kept) take(keyspace, one)
        const before = contents(keyspace)
        told.length = 0
        for (const one of lost) take(keyspace, one)
        const copy = keyspace.copy(
          () => 1_000,
          () => {},
        )
        for (const change of told.toReversed()) change.undo(copy)
        expect(contents(copy)).toEqual(before)
      }),
    )
  })
})
