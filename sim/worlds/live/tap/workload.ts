/** For the tap's own tests: seeded writes of many kinds to a few keys, through a failover if need be. */
import { Cluster } from 'ioredis'
import { createRandom } from '../../../random.ts'
import { hostNow } from '../part.ts'

/** A write of a member that nobody else writes, and when it must have happened. */
export interface Marked {
  key: string
  member: string
  score: number | null
  sent: number
  replied: number
}

const twoKeys = `#!lua
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZINCRBY', KEYS[1], 1, ARGV[3])
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
return redis.call('ZREM', KEYS[1], ARGV[4])`

export function connectWorkload(nodes: readonly { host: string; port: number }[]): Cluster {
  const options = {
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    maxRedirections: 200,
    slotsRefreshInterval: 500,
  }
  const redis = new Cluster([...nodes], {
    ...options,
    redisOptions: { commandTimeout: 15_000, maxRetriesPerRequest: null },
  })
  redis.on('error', () => {})
  return redis
}

/** Plays `count` writes, `atOnce` in flight; answers the marked ones that were acknowledged. */
export async function play(
  redis: Cluster,
  keys: readonly string[],
  seed: number,
  count: number,
  atOnce = 16,
): Promise<Marked[]> {
  const random = createRandom(seed)
  const marked: Marked[] = []
  const below = (n: number) => Math.floor(random.next() * n)
  const member = () => `s:${below(40)}`
  const mark = async (key: string, name: string, score: number | null) => {
    const sent = hostNow()
    const done = await (score === null ? redis.zrem(key, name) : redis.zadd(key, score, name))
    if (done === 1) marked.push({ key, member: name, score, sent, replied: hostNow() })
  }
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const n = left
      const key = keys[below(keys.length)]!
      const companion = key.includes('{') ? `${key}:more` : `{${key}}:more`
      const kind = below(100)
      const option = (['NX', 'XX', 'GT', 'LT', 'CH'] as const)[below(5)]!
      if (kind < 30) {
        await mark(key, `u:${seed}:${n}`, n)
        if (random.next() < 0.7) await mark(key, `u:${seed}:${n}`, null)
      } else if (kind < 55) await redis.eval(twoKeys, 2, key, companion, member(), below(9), member(), member())
      else if (kind < 70) await redis.call('ZADD', key, option, below(100), member(), below(100), member())
      else if (kind < 78) await redis.zincrby(key, 0.1, member())
      else if (kind < 84) await redis.call('ZADD', key, 'INCR', below(5), member())
      else if (kind < 92) await redis.zrem(key, member(), member())
      else if (kind < 97) await redis.zremrangebyscore(key, below(3), `(${3 + below(3)}`)
      else await redis.multi().zadd(key, below(9), member()).zrem(key, member()).exec()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, () => worker().catch(() => {})))
  return marked
}
