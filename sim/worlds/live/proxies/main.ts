/** One proxy instance in a process of its own; what it emits goes into the history. */
import type { ProxyConfig } from '../../../../proxy/config.ts'
import type { RunningProxy } from '../../../../proxy/node/instance.ts'
import type { RedisAddress, RedisLogin } from '../../../../proxy/node/redis.ts'
import { runProxy } from '../../../../proxy/node/run.ts'
import * as trackers from '../../../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../../../proxy/tracker/tracker.ts'
import { hostNow, servePart } from '../part.ts'
import { type Sampler, type SamplerOptions, startSampler } from '../round-trips/sampler.ts'
import { drainMs } from './index.ts'
import { prefixed } from './prefixed.ts'

export interface ProxyStart {
  config: ProxyConfig
  port: number
  tracker: string
  /** Before the provider's id in its keys: see `prefixed`. */
  keyPrefix: string
  /** By how much its wall clock is wrong. */
  clockErrorMs: number
  windowMs: number
  redis: readonly RedisAddress[]
  redisLogin?: RedisLogin
  keys: readonly string[]
}

servePart(emit => {
  let proxy: RunningProxy | undefined
  let sampler: Sampler | undefined
  let from = ''
  let clockErrorMs = 0
  const wallNow = () => Date.now() + clockErrorMs
  return {
    async start({ tracker: name, keyPrefix, ...options }: ProxyStart) {
      const variant = Object.values<TrackerVariant>(trackers).find(known => known.name === name)
      if (!variant) throw new Error(`no tracker ${name}`)
      from = options.config.instance
      clockErrorMs = options.clockErrorMs
      proxy = await runProxy({
        ...options,
        tracker: prefixed(variant, keyPrefix),
        wallNow,
        emit: event => emit({ at: hostNow(), from, ...event }),
      })
    },
    async skew(byMs: number) {
      clockErrorMs = byMs
      return wallNow()
    },
    async terminate(session: string) {
      if (!proxy) throw new Error('the proxy is not started')
      return proxy.terminate(session)
    },
    /** Measures round trips from within this process: what the machine does to it, it does to them. */
    async sample(options: SamplerOptions) {
      sampler = await startSampler(options)
    },
    async stop() {
      const measured = sampler?.stop()
      if (measured) emit({ at: hostNow(), from, ...measured })
      return proxy?.close(drainMs)
    },
  }
})
