import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Change, Replay } from './replay.ts'

const key = 'k'
const replay = (...commands: string[][]) => {
  const state = new Replay([key])
  for (const [n, args] of commands.entries()) state.apply(args, n + 1)
  return Object.fromEntries(state.at(key, Number.POSITIVE_INFINITY))
}

describe('a command changes what Redis changes', () => {
  test.each<[string, string[][], Record<string, number>]>([
    ['ZADD', [['ZADD', key, '1', 'a', '2', 'b']], { a: 1, b: 2 }],
    ['ZADD in any letter case', [['zadd', key, '1', 'a']], { a: 1 }],
    [
      'ZADD NX',
      [
        ['ZADD', key, '1', 'a'],
        ['ZADD', key, 'NX', '5', 'a', '6', 'b'],
      ],
      { a: 1, b: 6 },
    ],
    [
      'ZADD XX',
      [
        ['ZADD', key, '1', 'a'],
        ['ZADD', key, 'XX', 'CH', '5', 'a', '6', 'b'],
      ],
      { a: 5 },
    ],
    [
      'ZADD GT',
      [
        ['ZADD', key, '3', 'a'],
        ['ZADD', key, 'GT', '2', 'a', '6', 'b'],
      ],
      { a: 3, b: 6 },
    ],
    [
      'ZADD LT',
      [
        ['ZADD', key, '3', 'a'],
        ['ZADD', key, 'LT', '2', 'a'],
      ],
      { a: 2 },
    ],
    [
      'ZADD INCR',
      [
        ['ZADD', key, '3', 'a'],
        ['ZADD', key, 'INCR', '2', 'a'],
      ],
      { a: 5 },
    ],
    [
      'ZINCRBY',
      [
        ['ZINCRBY', key, '1', 'a'],
        ['ZINCRBY', key, '-3', 'a'],
      ],
      { a: -2 },
    ],
    [
      'ZREM',
      [
        ['ZADD', key, '1', 'a', '2', 'b'],
        ['ZREM', key, 'a', 'z'],
      ],
      { b: 2 },
    ],
    [
      'ZREMRANGEBYSCORE',
      [
        ['ZADD', key, '1', 'a', '2', 'b', '3', 'c'],
        ['ZREMRANGEBYSCORE', key, '-inf', '(2'],
      ],
      { b: 2, c: 3 },
    ],
    [
      'DEL',
      [
        ['ZADD', key, '1', 'a'],
        ['DEL', 'other', key],
      ],
      {},
    ],
    [
      'UNLINK',
      [
        ['ZADD', key, '1', 'a'],
        ['UNLINK', key],
      ],
      {},
    ],
    ['FLUSHALL', [['ZADD', key, '1', 'a'], ['FLUSHALL']], {}],
    ['other keys', [['ZADD', 'other', '1', 'a'], ['PEXPIREAT', key, '9'], ['PING']], {}],
    [
      'infinities',
      [['ZADD', key, '-inf', 'a', '+inf', 'b']],
      { a: Number.NEGATIVE_INFINITY, b: Number.POSITIVE_INFINITY },
    ],
  ])('%s', (_name, commands, members) => {
    expect(replay(...commands)).toEqual(members)
  })
})

test('what it cannot know it says', () => {
  const state = new Replay([key])
  expect(state.apply(['RESTORE-ASKING', key, '0', 'x'], 1)).toEqual({ unknown: [key] })
  expect(state.apply(['RENAME', 'other', key], 2)).toEqual({ unknown: [key] })
})

test('a census makes the stream before it count for nothing', () => {
  const state = new Replay([key])
  state.reset(key, new Map([['a', 1]]), 10)
  expect(state.apply(['ZADD', key, '7', 'b'], 10)).toEqual([])
  expect(state.apply(['ZADD', key, '7', 'b'], 11)).toHaveLength(1)
})

test('any earlier state can be asked for and gone back to', () => {
  const member = fc.constantFrom('a', 'b', 'c')
  const command = fc.oneof(
    fc.tuple(fc.constant('ZADD'), fc.constant(key), fc.integer({ min: 0, max: 9 }).map(String), member),
    fc.tuple(fc.constant('ZINCRBY'), fc.constant(key), fc.integer({ min: -3, max: 3 }).map(String), member),
    fc.tuple(fc.constant('ZREM'), fc.constant(key), member),
    fc.tuple(fc.constant('DEL'), fc.constant(key)),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), fc.nat(40), (commands, to) => {
      const state = new Replay([key])
      const states = [new Map<string, number>()]
      commands.forEach((args, n) => {
        state.apply(args, n + 1)
        states.push(new Map(state.at(key, n + 1)))
      })
      const past = Math.min(to, commands.length)
      expect(state.at(key, past)).toEqual(states[past])
      const lost = state.rollBack(past) as Change[]
      expect(lost.every(({ offset }) => offset > past)).toBe(true)
      expect(state.at(key, Number.POSITIVE_INFINITY)).toEqual(states[past])
    }),
  )
})

test('a rollback behind a census lets the new history in', () => {
  const state = new Replay([key])
  state.reset(key, new Map([['a', 5]]), 10)
  expect(state.censusedAfter(4)).toEqual([key])
  state.rollBack(4)
  expect(state.apply(['ZADD', key, '7', 'b'], 6)).toHaveLength(1)
})
