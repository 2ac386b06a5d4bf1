/** Measures round trips to the store from inside one process, on a connection of its own. */
import { build } from 'hdr-histogram-js'
import { Cluster } from 'ioredis'
import { clusterLogin } from '../../../../proxy/node/redis.ts'
import type { StoreEvent } from '../../../history.ts'
import { exponential, randomFor } from '../../../random.ts'
import type { Address } from '../cluster/at-node.ts'
import { hostNow } from '../part.ts'

export interface SamplerOptions {
  redis: readonly Address[]
  /** The keys to ask about: those that the proxies use, so that the same nodes answer. */
  keys: readonly string[]
  seed: number
  meanGapMs: number
}

export interface Sampler {
  /** Ends it; answers what was measured since the last `reset`, or nothing. */
  stop(): StoreEvent | undefined
}

/** Resolves when the connections are warm; from then on it counts. */
export async function startSampler({ redis, keys, seed, meanGapMs }: SamplerOptions): Promise<Sampler> {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
  const cluster = new Cluster([...redis], {
    lazyConnect: true,
    ...clusterLogin({ disableClientInfo: true, commandTimeout: 5_000 }, redis[0]?.login),
  })
  cluster.on('error', () => {})
  await cluster.connect()
  const measure = async (n: number, dueAt: number) => {
    await cluster.zcard(keys[n % keys.length]!)
    histogram.recordValue(Math.max(1, Math.round((hostNow() - dueAt) * 1000)))
  }
  for (let n = 0; n < 100; n++) await measure(n, hostNow())
  histogram.reset()

  const random = randomFor(seed, 'round-trips')
  let timer: NodeJS.Timeout | undefined
  // From the moment it was due, as every latency here: a process that is woken late is part of what is measured.
  const next = (n: number, dueAt: number) => {
    measure(n, dueAt).catch(() => {})
    const nextAt = Math.max(dueAt + 1 + exponential(random, meanGapMs - 1), hostNow())
    timer = setTimeout(next, Math.max(0, nextAt - hostNow()), n + 1, nextAt)
  }
  next(0, hostNow())
  return {
    stop() {
      clearTimeout(timer)
      cluster.disconnect()
      if (histogram.totalCount === 0) return undefined
      const percentile = (p: number) => histogram.getValueAtPercentile(p) / 1000
      return { kind: 'store-round-trips', p50Ms: percentile(50), p99Ms: percentile(99), samples: histogram.totalCount }
    },
  }
}
