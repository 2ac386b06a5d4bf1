import { expect, test } from 'vitest'
import { isSortedSetCommand, run } from './sorted-set.ts'

const set = new Map([
  ['b', 1],
  ['B', 1],
  ['z', 0],
])
const gone = (command: string) => run(command.split(' '), set).map(({ member }) => member)

test.each([
  ['ZPOPMIN k', ['z']],
  ['ZPOPMIN k 2', ['z', 'B']],
  ['ZPOPMAX k', ['b']],
  ['ZREMRANGEBYRANK k 0 1', ['z', 'B']],
  ['ZREMRANGEBYRANK k -2 -1', ['B', 'b']],
  ['ZREMRANGEBYRANK k -9 -3', ['z']],
  ['ZREMRANGEBYRANK k -9 -4', []],
  ['SET k v', ['b', 'B', 'z']],
])('%s takes, by score and then by bytes, %j', (command, members) => {
  expect(gone(command)).toEqual(members)
})

test('one ZADD may name a member twice', () => {
  expect(run(['ZADD', 'k', 'NX', '5', 'new', '6', 'new'], set)).toEqual([{ member: 'new', score: 5 }])
  expect(run(['ZADD', 'k', '5', 'new', '6', 'new'], set)).toEqual([{ member: 'new', score: 6 }])
})

test('infinities are numbers too', () => {
  expect(run(['ZINCRBY', 'k', '+inf', 'b'], set)).toEqual([{ member: 'b', score: Number.POSITIVE_INFINITY }])
})

test('what it does not know it says', () => {
  expect(isSortedSetCommand('ZUNIONSTORE')).toBe(false)
})
