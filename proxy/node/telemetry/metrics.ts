/** What the proxy tells about itself, in Prometheus' text format. proxy/README.md explains each name. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { StorePolicy } from '../../config.ts'
import type { Outcome, ProxyEvent } from '../../events.ts'
import type { ProxyState } from '../../handle.ts'
import type { Millis } from '../../ports.ts'
import { version } from '../version.ts'
import { kindOfTrouble } from './store-trouble.ts'

export interface Metrics {
  /** To be told every event of the core. */
  on(event: ProxyEvent): void
  refused(status: number): void
  connectionDropped(): void
  firstByte(took: Millis): void
  added(took: Millis): void
  text(state: ProxyState): Promise<string>
  contentType: string
}

export interface MetricsOptions {
  policy: StorePolicy
  providers: readonly string[]
  /** Memory, CPU, garbage collection and the event loop of this process too. */
  process?: boolean
}

const outcomes: readonly Outcome[] = ['ok', 'refused', 'failed', 'incomplete', 'aborted', 'client-error', 'terminated']
const breakerStates = { closed: 0, 'half-open': 1, open: 2 } as const
const addedBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const firstByteBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

export function createMetrics({ policy, providers, process = false }: MetricsOptions): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `stormproof_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `stormproof_${name}`, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `stormproof_${name}`, help, buckets, registers })
  if (process) collectDefaultMetrics({ register: registry })

  const requests = counter('requests_total', 'Requests that reached the core, by how they ended.', ['outcome'])
  const rejected = counter('rejected_total', 'Requests answered at the door, by status.', ['status'])
  const dropped = counter('dropped_connections_total', 'Connections closed at once: there were too many.')
  const attempts = counter('attempts_total', 'Tries at providers, by how they ended.', [
    'provider',
    'outcome',
    'failure',
  ])
  const full = counter('refusals_total', 'Admissions refused because the provider was at its limit.', ['provider'])
  const retries = counter('retries_total', 'Further tries at the same provider.', ['provider'])
  const hedges = counter('hedges_total', 'Second attempts for slow first bytes, by what became of them.', ['result'])
  const breakers = counter('breaker_changes_total', 'Changes of a breaker, by the new state.', ['provider', 'state'])
  const away = counter('store_away_admissions_total', 'Admitted uncounted while the store was away.', [
    'provider',
    'policy',
  ])
  const turnedAway = counter('store_away_refusals_total', 'Refused while the store was away.', ['provider', 'policy'])
  const troubles = counter('store_errors_total', 'Calls to the store that failed.', ['doing', 'kind'])
  const reinserted = counter('reinserted_total', 'Live attempts that the store had forgotten.', ['provider'])
  const audited = counter('audit_mended_total', 'Members and counts that audits put right.', ['provider'])
  const unleased = counter('unleased_total', 'Live attempts whose lease could not be vouched for.', ['provider'])
  const terminated = counter('terminated_sessions_total', 'Sessions that an operator ended and that had work here.')
  const givenUp = counter('outbox_dropped_total', 'Releases that were given up.', ['provider'])
  const added = histogram('added_latency_seconds', 'Time of a request in which no provider was at work.', addedBuckets)
  const firstByte = histogram(
    'first_byte_seconds',
    'From a whole request to the first byte of its reply.',
    firstByteBuckets,
  )

  const inFlight = gauge('requests_in_flight', 'Requests in the core.')
  const draining = gauge('draining', '1 while this instance admits nobody.')
  const limit = gauge('provider_limit', 'Its limit; 0: unlimited.', ['provider'])
  const calls = gauge('provider_in_flight', 'Attempts of this instance whose call is open.', ['provider'])
  const held = gauge('provider_held', 'Slots that this instance holds.', ['provider'])
  const unvouched = gauge('provider_unleased', 'Of them, those whose lease cannot be vouched for.', ['provider'])
  const storeAway = gauge('provider_store_away', '1 while Redis is known not to answer for it.', ['provider'])
  const breaker = gauge('breaker_state', '0 closed, 1 half-open, 2 open.', ['provider'])
  const waiting = gauge('outbox_releases', 'Releases not yet acknowledged.')
  const oldest = gauge('outbox_oldest_seconds', 'How long the oldest of them waits.')
  gauge('build_info', 'Which build this is.', ['version', 'node']).set({ version, node: globalThis.process.version }, 1)

  // A series that exists from the start shows its first increase.
  for (const outcome of outcomes) requests.inc({ outcome }, 0)
  for (const provider of providers) {
    away.inc({ provider, policy }, 0)
    turnedAway.inc({ provider, policy }, 0)
    full.inc({ provider }, 0)
    unleased.inc({ provider }, 0)
    reinserted.inc({ provider }, 0)
    givenUp.inc({ provider }, 0)
  }

  return {
    contentType: registry.contentType,
    refused: status => rejected.inc({ status }),
    connectionDropped: () => dropped.inc(),
    firstByte: took => firstByte.observe(took / 1000),
    added: took => added.observe(took / 1000),
    on(event) {
      switch (event.kind) {
        case 'request-ended':
          return requests.inc({ outcome: event.outcome })
        case 'attempt-ended': {
          const { provider, outcome, failure = '' } = event
          return attempts.inc({ provider, outcome, failure })
        }
        case 'refused':
          return full.inc({ provider: event.provider })
        case 'uncounted-admission':
          return away.inc({ provider: event.provider, policy })
        case 'refused-without-store':
          return turnedAway.inc({ provider: event.provider, policy })
        case 'store-trouble':
          return troubles.inc({ doing: event.doing, kind: kindOfTrouble(event.because) })
        case 'reinserted':
          return reinserted.inc({ provider: event.provider }, event.tokens.length)
        case 'audited':
          return audited.inc({ provider: event.provider }, event.removed + event.mended)
        case 'retry':
          return retries.inc({ provider: event.provider })
        case 'hedge-launched':
          return hedges.inc({ result: 'launched' })
        case 'hedge-skipped':
          return hedges.inc({ result: event.because })
        case 'breaker':
          return breakers.inc({ provider: event.provider, state: event.state })
        case 'unleased':
          return unleased.inc({ provider: event.provider })
        case 'terminated':
          return terminated.inc()
        case 'outbox-dropped':
          return givenUp.inc({ provider: event.provider })
      }
    },
    async text(state) {
      inFlight.set(state.requestsInFlight)
      draining.set(Number(state.draining))
      waiting.set(state.outbox.count)
      oldest.set(state.outbox.oldestMs / 1000)
      for (const one of state.providers) {
        const { id: provider } = one
        limit.set({ provider }, one.limit)
        calls.set({ provider }, one.inFlight)
        held.set({ provider }, one.held)
        unvouched.set({ provider }, one.unleased)
        storeAway.set({ provider }, Number(one.storeAway))
        breaker.set({ provider }, breakerStates[one.breaker])
      }
      return registry.metrics()
    },
  }
}
