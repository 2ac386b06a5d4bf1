/** `npm run bench -- proxy [seconds]`: what a proxy adds to a call, and what its scripts cost the store. Requests take turns between the three ways: all of them meet the same machine. */
import { usualManners } from '../proxy/config.ts'
import { usualProvider } from '../proxy/provider.ts'
import { lease } from '../proxy/tracker/index.ts'
import type { Event } from '../sim/history.ts'
import { poisson } from '../sim/load/index.ts'
import { Durations } from '../sim/measure/meter.ts'
import type { AskStep } from '../sim/plan.ts'
import { type Address, atNode } from '../sim/worlds/live/cluster/at-node.ts'
import { launchCluster } from '../sim/worlds/live/cluster/index.ts'
import { freePorts } from '../sim/worlds/live/cluster/ports.ts'
import { launchLoad } from '../sim/worlds/live/load/index.ts'
import { hostNow, startPart } from '../sim/worlds/live/part.ts'
import { launchProviders } from '../sim/worlds/live/providers/index.ts'
import { launchProxy } from '../sim/worlds/live/proxies/index.ts'
import { findRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'
import { startSampler } from '../sim/worlds/live/round-trips/sampler.ts'
import { countNode } from '../sim/worlds/live/store-counts.ts'

/** Milliseconds from the moment a request was due. */
export interface Times {
  firstByte: Durations
  whole: Durations
}

/** Straight to the provider, through a server that only passes on, through the proxy. */
const ways = ['straight', 'relayed', 'proxied'] as const

export interface ProxyCost {
  times: Readonly<Record<(typeof ways)[number], Times>>
  /** Of the store, in this process, beside the load. */
  roundTrip: { p50Ms: number; p99Ms: number }
  latenessP99Ms: number
  /** What the proxy sent to the store, and for how long one kept its node busy. */
  scripts: { count: number; p50Us: number; p99Us: number }
}

const perSecond = 150
const warmUpMs = 2_000
/** All streamed: the first byte of a plain answer is the whole of it. */
const mix = { streams: 1, anthropic: 0.5 }
const pace = { firstByteMs: 10, tokens: 4, tokenMs: 5, spread: 0 }
const key = 'bench'

/** Rejects when a request was not answered whole. Ends all that it has started. */
export async function measureProxy(seconds: number, seed: number): Promise<ProxyCost> {
  const history: Event[] = []
  const onEvents = (events: Event[]) => {
    for (const event of events) history.push(event)
  }
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  try {
    const cluster = keep(await launchCluster({ server: await findRedisServer(thisMachine(console.error)) }))
    const providers = keep(await launchProviders({ seed, providers: [{ id: 'alpha', pace }], onEvents() {} }))
    const baseUrl = providers.urls.alpha!
    const [port] = await freePorts(1)
    const proxy = keep(
      await launchProxy(
        {
          config: {
            ...usualManners,
            instance: 'proxy-1',
            instances: 1,
            providers: [{ ...usualProvider, id: 'alpha', limit: 10_000, baseUrl }],
          },
          port: port!,
          tracker: lease.name,
          keyPrefix: '',
          windowMs: 0,
          redis: cluster.nodes,
          keys: [key],
        },
        () => {},
      ),
    )
    const relay = keep(startPart({ name: 'relay', main: new URL('./proxy/relay.ts', import.meta.url) }))
    const load = keep(launchLoad(onEvents))
    const targets = [baseUrl, await relay.ask<string>('start', baseUrl), proxy.url]
    const play = (name: string, lastsMs: number) =>
      load.play({ asks: takingTurns(name, lastsMs, seed), targets, origin: hostNow() + 100, key })
    await play('warm', warmUpMs)
    history.length = 0
    const sampler = await startSampler({ redis: cluster.nodes, keys: [lease.membersKey('alpha')], seed, meanGapMs: 5 })
    await Promise.all(cluster.nodes.map(node => atNode(node, redis => redis.config('RESETSTAT'))))
    await play('bench', 1_000 * seconds)
    const scripts = await scriptsRunAt(cluster.nodes)
    const roundTrip = sampler.stop()
    await load.stop()
    if (roundTrip?.kind !== 'store-round-trips') throw new Error('no round trip to the store was measured')
    const { latenessP99Ms } = history.find(event => event.kind === 'generator')!
    return { times: timesIn(history), roundTrip, latenessP99Ms, scripts }
  } finally {
    for (const one of started) await one.stop()
  }
}

const takingTurns = (name: string, to: number, seed: number): AskStep[] =>
  [...poisson({ name, from: 0, to, perSecond, mix }).asks(seed)].map((ask, n) => ({
    do: 'ask',
    request: `${name}-${n}`,
    via: n % ways.length,
    ...ask,
  }))

function timesIn(history: readonly Event[]): ProxyCost['times'] {
  const nothing = (): Times => ({ firstByte: new Durations(), whole: new Durations() })
  const times = { straight: nothing(), relayed: nothing(), proxied: nothing() }
  const sent = new Map<string, { plannedAt: number; way: Times }>()
  for (const event of history)
    if (event.kind === 'client-sent') {
      // The load calls its targets proxies, and counts them from 1.
      const way = times[ways[Number(event.instance!.replace('proxy-', '')) - 1]!]
      sent.set(event.request, { plannedAt: event.plannedAt, way })
    } else if (event.kind === 'client-first-byte' || event.kind === 'client-ended') {
      const { plannedAt, way } = sent.get(event.request)!
      if (event.kind === 'client-first-byte') way.firstByte.add(event.at - plannedAt)
      else if (event.outcome === 'complete') way.whole.add(event.at - plannedAt)
      else throw new Error(`${event.request} was ${event.outcome}: ${event.because ?? `status ${event.status}`}`)
    }
  return times
}

/** As the nodes tell since their statistics were reset; the times are those of the node that ran most of them. */
async function scriptsRunAt(nodes: readonly Address[]): Promise<ProxyCost['scripts']> {
  const told = await Promise.all(
    nodes.map(async node => {
      const { commands: count } = await countNode(node)
      const times = await atNode(node, redis => redis.info('latencystats'))
      const [, p50Us, p99Us] = /^latency_percentiles_usec_evalsha:p50=([\d.]+),p99=([\d.]+)/m.exec(times) ?? []
      return { count, p50Us: Number(p50Us), p99Us: Number(p99Us) }
    }),
  )
  const [most] = told.toSorted((a, b) => b.count - a.count)
  return { ...most!, count: told.reduce((sum, { count }) => sum + count, 0) }
}

export async function printProxy([given = '20']: readonly string[]): Promise<void> {
  const seconds = Number(given)
  if (!Number.isSafeInteger(seconds) || seconds < 1) throw new Error(`${given}: a whole number of seconds from 1`)
  console.log(`${perSecond} requests a second for ${seconds} s, in turn by three ways`)
  const { times, roundTrip, latenessP99Ms, scripts } = await measureProxy(seconds, 1)
  const { straight, relayed, proxied } = times
  const p50 = ({ firstByte }: Times) => firstByte.percentile(50)
  const any = p50(relayed) - p50(straight)
  const more = p50(proxied) - p50(relayed)
  console.log(
    [
      '                            first byte p50      p99   whole answer p50      p99',
      `straight to the provider   ${columns(straight)}`,
      `through a bare relay       ${columns(relayed)}`,
      `through the proxy          ${columns(proxied)}`,
      `a relay adds ${ms(any)} to the first byte, the proxy ${ms(more)} more: ${(more / any).toFixed(2)} × as much`,
      `a round trip to the store: p50 ${ms(roundTrip.p50Ms)}, p99 ${ms(roundTrip.p99Ms)}`,
      `scripts: ${(scripts.count / proxied.whole.count).toFixed(2)} a request; one keeps its node busy for p50 ${scripts.p50Us.toFixed(0)} µs, p99 ${scripts.p99Us.toFixed(0)} µs`,
      `generator: p99 ${ms(latenessP99Ms)} late`,
    ].join('\n'),
  )
}

const columns = ({ firstByte, whole }: Times) =>
  [firstByte.percentile(50), firstByte.percentile(99), whole.percentile(50), whole.percentile(99)]
    .map((value, n) => ms(value).padStart([15, 9, 19, 9][n]!))
    .join('')

const ms = (value: number) => `${value.toFixed(2)} ms`
