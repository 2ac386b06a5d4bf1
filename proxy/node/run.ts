/** One proxy instance on real time, real sockets and a real store. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ProxyConfig } from '../config.ts'
import { createProxy } from '../handle.ts'
import type { Millis, ProxyEvents } from '../ports.ts'
import type { TrackerVariant } from '../tracker/tracker.ts'
import { serveAdmin } from './admin.ts'
import { adminRoutes } from './admin-routes.ts'
import { systemChance, systemClock } from './clock.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { NotReady } from './not-ready.ts'
import type { ProviderKey } from './provider-keys.ts'
import { readinessOf } from './readiness.ts'
import { openRedis, type RedisAddress, type RedisLogin } from './redis.ts'
import { createRequestTimes } from './request-times.ts'
import { serve } from './server.ts'
import type { ServerLimits } from './server-limits.ts'
import { createTransport } from './transport.ts'
import { watchStore } from './watched-store.ts'

export interface RunOptions {
  config: ProxyConfig
  tracker: TrackerVariant
  windowMs: Millis
  redis: readonly RedisAddress[]
  redisLogin?: RedisLogin
  /** What callers must present; an empty list admits everybody. */
  keys: readonly string[]
  /** Loopback where nothing is said. */
  host?: string
  /** 0 chooses a free one. */
  port: number
  limits?: Partial<ServerLimits>
  providerKeys?: ReadonlyMap<string, ProviderKey>
  /** Undefined: no admin listener, and no metrics. */
  admin?: { host: string; port: number; key?: string | undefined }
  log?: Log
  emit?: ProxyEvents
}

export interface RunningProxy {
  url: string
  adminUrl: string | undefined
  /**
   * Stops admitting, waits for what runs (at most `deadlineMs`), gives every slot back (for as long again, when the store is
   * away), then closes.
   */
  close(deadlineMs: Millis): Promise<Closed>
}

export interface Closed {
  /** Requests that the deadline cut. */
  cut: number
  /** Releases that the store never acknowledged: their leases will end. */
  unacknowledged: number
}

/** Rejects with `NotReady` when the store cannot be reached or a port is taken; nothing is left running then. */
export async function runProxy(options: RunOptions): Promise<RunningProxy> {
  const { config, tracker, windowMs, keys, host = '127.0.0.1', port, limits, providerKeys, admin, log, emit } = options
  await using cleanUp = new AsyncDisposableStack()
  const metrics =
    admin &&
    createMetrics({ policy: config.whenStoreIsAway, providers: config.providers.map(({ id }) => id), process: true })
  const listeners = [metrics?.on, log?.on, emit].filter(listener => listener !== undefined)
  const tell: ProxyEvents = listeners.length === 1 ? listeners[0]! : event => listeners.forEach(on => void on(event))
  const times = metrics && createRequestTimes(systemClock.now, metrics)

  const redis = openRedis(
    options.redis,
    because => tell({ kind: 'store-trouble', doing: 'connect', provider: '', because }),
    options.redisLogin,
  )
  cleanUp.defer(() => redis.close())
  await redis.ready()
  const store = watchStore(redis)
  const transport = createTransport({
    ...(providerKeys && { keys: providerKeys }),
    ...(times && { watch: { began: times.callBegan, over: times.callOver } }),
  })
  cleanUp.defer(() => transport.close())
  const core = createProxy(config, {
    clock: systemClock,
    chance: systemChance,
    transport,
    tracker: tracker.create(store, windowMs),
    store,
    emit: tell,
  })
  const running = new AbortController()
  const beating = core.run(running.signal)
  cleanUp.defer(() => {
    running.abort(new Error('the proxy is closing'))
    return beating
  })
  const front = serve(core, {
    keys,
    limits: { ...limits, requests: config.mostRequests },
    ...(metrics && times && { watch: { ...metrics, ...times, firstByte: times.firstByte } }),
  })
  const url = await listen(front.server, host, port)
  cleanUp.defer(() => stop(front.server))
  let adminUrl: string | undefined
  if (metrics && admin) {
    const readiness = () => readinessOf(core.state().draining, store.standing(), config.whenStoreIsAway)
    const server = serveAdmin({ routes: adminRoutes({ core, metrics, readiness }), key: admin.key })
    adminUrl = await listen(server, admin.host, admin.port)
    cleanUp.defer(() => stop(server))
  }

  const started = cleanUp.move()
  return {
    url,
    adminUrl,
    async close(deadlineMs) {
      front.closeConnections()
      let cut = 0
      // A turn before the core's own deadline, which then cuts what is counted here.
      const cancelCount = systemClock.after(deadlineMs - 1, () => (cut = core.state().requestsInFlight))
      const gaveUp = new AbortController()
      await Promise.race([core.drain(deadlineMs), systemClock.sleep(2 * deadlineMs, gaveUp.signal).catch(() => {})])
      cancelCount()
      gaveUp.abort()
      const { count, dropped } = core.state().outbox
      await started.disposeAsync()
      return { cut, unacknowledged: count + dropped }
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'it is taken' : code
    throw new NotReady(`cannot listen on ${host}:${port}: ${why}; choose another port or end what uses it`)
  }
  const { address, family, port: chosen } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`
}

const stop = (server: Server) =>
  new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
