/** One proxy instance in a process of its own; what it emits goes into the history. */
import type { ProxyConfig } from '../../../../proxy/config.ts'
import type { RunningProxy } from '../../../../proxy/node/instance.ts'
import type { RedisAddress } from '../../../../proxy/node/redis.ts'
import { runProxy } from '../../../../proxy/node/run.ts'
import * as trackers from '../../../../proxy/tracker/index.ts'
import { hostNow, servePart } from '../part.ts'
import { type Sampler, type SamplerOptions, startSampler } from '../round-trips/sampler.ts'

export interface ProxyStart {
  config: ProxyConfig
  tracker: string
  windowMs: number
  redis: readonly RedisAddress[]
  keys: readonly string[]
}

/** How long a stopping proxy waits for what still runs. */
const drainMs = 2_000

servePart(emit => {
  let proxy: RunningProxy | undefined
  let sampler: Sampler | undefined
  let from = ''
  return {
    async start({ tracker: name, ...options }: ProxyStart) {
      const tracker = Object.values(trackers).find(variant => variant.name === name)
      if (!tracker) throw new Error(`no tracker ${name}`)
      from = options.config.instance
      proxy = await runProxy({ ...options, tracker, port: 0, emit: event => emit({ at: hostNow(), from, ...event }) })
      return proxy.url
    },
    /** Measures round trips from within this process: what the machine does to it, it does to them. */
    async sample(options: SamplerOptions) {
      sampler = await startSampler(options)
    },
    async stop() {
      const measured = sampler?.stop()
      if (measured) emit({ at: hostNow(), from, ...measured })
      await proxy?.close(drainMs)
    },
  }
})
