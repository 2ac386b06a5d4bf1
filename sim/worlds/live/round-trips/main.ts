/** A bystander that only measures how long a round trip to the store takes, so that a noisy machine is not taken for a slow proxy. */
import { build } from 'hdr-histogram-js'
import { Cluster } from 'ioredis'
import type { RedisAddress } from '../../../../proxy/node/redis.ts'
import { exponential, randomFor } from '../../../random.ts'
import { hostNow, servePart } from '../part.ts'

export interface RoundTripsStart {
  redis: readonly RedisAddress[]
  /** The keys to ask about: those that the proxies use, so that the same nodes answer. */
  keys: readonly string[]
  seed: number
  meanGapMs: number
}

let cluster: Cluster | undefined
const histogram = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 60_000_000,
  numberOfSignificantValueDigits: 3,
})

servePart(emit => ({
  async start({ redis, keys, seed, meanGapMs }: RoundTripsStart) {
    const own = new Cluster([...redis], {
      lazyConnect: true,
      redisOptions: { disableClientInfo: true, commandTimeout: 5_000 },
    })
    cluster = own
    own.on('error', () => {})
    await own.connect()
    const random = randomFor(seed, 'round-trips')
    const measure = async (n: number, dueAt: number) => {
      await own.zcard(keys[n % keys.length]!)
      histogram.recordValue(Math.max(1, Math.round((hostNow() - dueAt) * 1000)))
    }
    // Connections and code are warm before anything counts.
    for (let n = 0; n < 200; n++) await measure(n, hostNow())
    histogram.reset()
    // From the moment it was due, as every latency here: a process that is woken late is part of what the proxies suffer too.
    const next = (n: number, dueAt: number) => {
      if (cluster !== own) return
      measure(n, dueAt).catch(() => {})
      const gap = 1 + exponential(random, meanGapMs - 1)
      const nextAt = Math.max(dueAt + gap, hostNow())
      setTimeout(next, nextAt - hostNow(), n + 1, nextAt)
    }
    next(0, hostNow())
  },
  async stop() {
    const at = hostNow()
    if (histogram.totalCount > 0) {
      const percentile = (p: number) => histogram.getValueAtPercentile(p) / 1000
      emit({
        at,
        from: 'bystander',
        kind: 'store-round-trips',
        p50Ms: percentile(50),
        p99Ms: percentile(99),
        samples: histogram.totalCount,
      })
    }
    cluster?.disconnect()
    cluster = undefined
  },
}))
