/** Who listens to what the proxy does: metrics, logs, and whoever asked. */
import type { ProxyEvents } from '../../ports.ts'
import { systemClock } from '../clock.ts'
import type { ProxyOptions } from '../instance.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createRequestTimes, type RequestTimes } from './request-times.ts'

export interface Observers {
  tell: ProxyEvents
  metrics: Metrics | undefined
  times: RequestTimes | undefined
}

export function observe({ config, admin, log, emit }: ProxyOptions): Observers {
  const providers = config.providers.map(({ id }) => id)
  const metrics = admin && createMetrics({ policy: config.whenStoreIsAway, providers, process: true })
  const listeners = [metrics?.on, log?.on, emit].filter(listener => listener !== undefined)
  return {
    tell: listeners.length === 1 ? listeners[0]! : event => listeners.forEach(on => void on(event)),
    metrics,
    times: metrics && createRequestTimes(systemClock.now, metrics),
  }
}
