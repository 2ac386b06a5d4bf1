/** One proxy instance on real time and real sockets, on whatever store. */
import type { ProxyConfig } from '../config.ts'
import { createProxy, type ProxyCore } from '../handle.ts'
import type { Millis, ProxyEvents } from '../ports.ts'
import { speaks } from '../provider.ts'
import type { Store, TrackerVariant } from '../tracker/tracker.ts'
import { readinessOf } from './admin/readiness.ts'
import { adminRoutes } from './admin/routes.ts'
import { serveAdmin } from './admin.ts'
import { systemChance, systemClock } from './clock.ts'
import { listen, stop } from './listen.ts'
import type { ServerLimits } from './server/limits.ts'
import { serve } from './server.ts'
import type { Log } from './telemetry/log.ts'
import { type Observers, observe } from './telemetry/observe.ts'
import { createTransport } from './transport.ts'
import type { ProviderKey } from './upstream/keys.ts'
import { watchStore } from './watched-store.ts'

export interface ProxyOptions {
  config: ProxyConfig
  tracker: TrackerVariant
  windowMs: Millis
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
  /** Unix time, ms, as trackers are told it: the machine's own, where nothing is said. */
  wallNow?(): number
  emit?: ProxyEvents
}

export interface RunningProxy {
  url: string
  adminUrl: string | undefined
  /** An operator's order, as from the admin listener. */
  terminate: ProxyCore['terminate']
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

/** The store stays open when the instance closes. Rejects with `NotReady` when a port is taken. */
export async function startInstance(
  store: Store,
  options: ProxyOptions,
  { tell, metrics, times }: Observers = observe(options),
): Promise<RunningProxy> {
  const { config, tracker, windowMs, keys, host = '127.0.0.1', port, limits, providerKeys, admin } = options
  await using cleanUp = new AsyncDisposableStack()
  const watched = watchStore(store)
  const transport = createTransport({
    ...(providerKeys && { keys: providerKeys }),
    ...(times && { watch: { began: times.callBegan, over: times.callOver } }),
  })
  cleanUp.defer(() => transport.close())
  const core = createProxy(config, {
    clock: systemClock,
    chance: systemChance,
    transport,
    tracker: tracker.create(watched, windowMs, options.wallNow ?? Date.now),
    store: watched,
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
    shapes: (['anthropic', 'openai'] as const).filter(shape => config.providers.some(one => speaks(one, shape))),
    ...(options.log && {
      report: error => options.log?.error(error, 'a request failed for no reason it may fail for'),
    }),
    ...(metrics && times && { watch: { ...metrics, ...times, firstByte: times.firstByte } }),
  })
  const url = await listen(front.server, host, port)
  cleanUp.defer(() => stop(front.server))
  let adminUrl: string | undefined
  if (metrics && admin) {
    const readiness = () => readinessOf(core.state().draining, watched.standing(), config.whenStoreIsAway)
    const server = serveAdmin({ routes: adminRoutes({ core, metrics, readiness }), key: admin.key })
    adminUrl = await listen(server, admin.host, admin.port)
    cleanUp.defer(() => stop(server))
  }

  const started = cleanUp.move()
  return {
    url,
    adminUrl,
    terminate: session => core.terminate(session),
    async close(deadlineMs) {
      front.closeConnections()
      let cut = 0
      const { dropped: before } = core.state().outbox
      // A turn before the core's own deadline, which then cuts what is counted here.
      const cancelCount = systemClock.after(deadlineMs - 1, () => (cut = core.state().requestsInFlight))
      const gaveUp = new AbortController()
      await Promise.race([core.drain(deadlineMs), systemClock.sleep(2 * deadlineMs, gaveUp.signal).catch(() => {})])
      cancelCount()
      gaveUp.abort()
      const { count, dropped } = core.state().outbox
      await started.disposeAsync()
      return { cut, unacknowledged: count + dropped - before }
    },
  }
}
