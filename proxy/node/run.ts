/** One proxy instance on real time, real sockets and a real store. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ProxyConfig } from '../config.ts'
import { createProxy } from '../handle.ts'
import type { ProxyEvents } from '../ports.ts'
import type { TrackerVariant } from '../tracker/tracker.ts'
import { systemChance, systemClock } from './clock.ts'
import { openRedis, type RedisAddress } from './redis.ts'
import { serve } from './server.ts'
import { createTransport } from './transport.ts'

export interface RunOptions {
  config: ProxyConfig
  tracker: TrackerVariant
  windowMs: number
  redis: readonly RedisAddress[]
  keys: readonly string[]
  /** 0 chooses a free one. */
  port: number
  emit: ProxyEvents
}

export interface RunningProxy {
  url: string
  /** Stops admitting, waits for what runs (at most `deadlineMs`), gives every slot back, then closes. */
  close(deadlineMs: number): Promise<void>
}

export async function runProxy({
  config,
  tracker,
  windowMs,
  redis,
  keys,
  port,
  emit,
}: RunOptions): Promise<RunningProxy> {
  const store = openRedis(redis, because => emit({ kind: 'store-trouble', doing: 'connect', provider: '', because }))
  await store.ready()
  const transport = createTransport()
  const proxy = createProxy(config, {
    clock: systemClock,
    chance: systemChance,
    transport,
    tracker: tracker.create(store, windowMs),
    store,
    emit,
  })
  const running = new AbortController()
  const beating = proxy.run(running.signal)
  const server = serve(proxy, { keys })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(deadlineMs) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      const cutAt = setTimeout(() => server.closeAllConnections(), deadlineMs)
      await closed
      clearTimeout(cutAt)
      running.abort(new Error('the proxy is closing'))
      await beating
      await Promise.race([proxy.outbox.empty(), systemClock.sleep(deadlineMs)])
      await transport.close()
      store.close()
    },
  }
}
