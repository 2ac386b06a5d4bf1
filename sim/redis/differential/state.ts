/** All that is in a keyspace, real or virtual. */
import type { Millis } from '../../../proxy/ports.ts'
import type { Keyspace } from '../keyspace.ts'
import { formatDouble } from '../numbers.ts'
import type { Reply } from '../reply.ts'
import type { Arguments } from './case.ts'
import { text } from './text.ts'

type Dumped = readonly [key: string, type: string, endsAt: Millis, holds: Reply]

/** Asks the real server for every key with its type, the instant it ends and all that it holds. */
export const dump: Arguments = [
  'EVAL',
  `local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  local holds
  if kind == 'zset' then holds = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'hash' then holds = redis.call('HGETALL', key)
  else holds = redis.call('GET', key) end
  all[#all + 1] = {key, kind, redis.call('PEXPIRETIME', key), holds}
end
return all`,
  '0',
]

export const dumpOf = (keyspace: Keyspace): Dumped[] =>
  keyspace.keys().map(key => {
    const value = keyspace.get(key)!
    const holds =
      value.type === 'zset'
        ? [...value.set].flatMap(({ member, score }) => [member, formatDouble(score)])
        : value.type === 'hash'
          ? [...value.fields].flat()
          : value.text
    return [key, value.type, keyspace.expiryOf(key) ?? -1, holds]
  })

/** The first key that is not the same on both sides; instants may differ by the slack, and by `aheadMs`, by which the virtual clock is ahead. */
export function differenceOfDumps(
  answered: Reply,
  virtual: readonly Dumped[],
  slackMs: Millis,
  aheadMs: Millis = 0,
): string | undefined {
  const known = new Map(virtual.map(entry => [entry[0], entry]))
  for (const real of answered as unknown as Dumped[]) {
    const other = known.get(real[0])
    known.delete(real[0])
    if (!other) return `real has     ${text(real)}\nvirtual has  nothing`
    const [, type, endsAt, holds] = other
    const endsAlike = endsAt < 0 ? real[2] === endsAt : Math.abs(real[2] + aheadMs - endsAt) <= slackMs
    if (type !== real[1] || text(holds) !== text(real[3]) || !endsAlike)
      return `real has     ${text(real)}\nvirtual has  ${text(other)}`
  }
  const [extra] = known.values()
  return extra && `real has     nothing\nvirtual has  ${text(extra)}`
}
