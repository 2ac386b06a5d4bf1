/** One proxy instance in a process of its own; what it emits goes into the history. */
import type { ProxyConfig } from '../../../../proxy/config.ts'
import type { RedisAddress } from '../../../../proxy/node/redis.ts'
import { type RunningProxy, runProxy } from '../../../../proxy/node/run.ts'
import * as trackers from '../../../../proxy/tracker/index.ts'
import { hostNow, servePart } from '../part.ts'

export interface ProxyStart {
  config: ProxyConfig
  tracker: string
  windowMs: number
  redis: readonly RedisAddress[]
  keys: readonly string[]
}

/** How long a stopping proxy waits for what still runs. */
const drainMs = 2_000

let proxy: RunningProxy | undefined

servePart(emit => ({
  async start({ tracker: name, ...options }: ProxyStart) {
    const tracker = Object.values(trackers).find(variant => variant.name === name)
    if (!tracker) throw new Error(`no tracker ${name}`)
    const from = options.config.instance
    proxy = await runProxy({ ...options, tracker, port: 0, emit: event => emit({ at: hostNow(), from, ...event }) })
    return proxy.url
  },
  async stop() {
    await proxy?.close(drainMs)
  },
}))
