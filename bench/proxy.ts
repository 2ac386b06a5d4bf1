/** `npm run bench -- proxy [seconds]`: what a proxy adds to a call, and what its scripts cost the store. Every other request goes straight to the provider: both kinds meet the same machine. */
import { usualManners } from '../proxy/config.ts'
import { usualProvider } from '../proxy/provider.ts'
import { lease } from '../proxy/tracker/index.ts'
import type { Event, RawEvent } from '../sim/history.ts'
import { poisson } from '../sim/load/index.ts'
import type { AskStep } from '../sim/plan.ts'
import { type Address, atNode } from '../sim/worlds/live/cluster/at-node.ts'
import { launchCluster } from '../sim/worlds/live/cluster/index.ts'
import { freePorts } from '../sim/worlds/live/cluster/ports.ts'
import { launchLoad } from '../sim/worlds/live/load/index.ts'
import { hostNow } from '../sim/worlds/live/part.ts'
import { launchProviders } from '../sim/worlds/live/providers/index.ts'
import { launchProxy } from '../sim/worlds/live/proxies/index.ts'
import { findRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'
import { startSampler } from '../sim/worlds/live/round-trips/sampler.ts'

/** Milliseconds from the moment a request was due. */
export interface Times {
  firstByte: number[]
  whole: number[]
}

export interface ProxyCost {
  straight: Times
  proxied: Times
  /** Of the store, in this process, beside the load. */
  roundTrip: { p50Ms: number; p99Ms: number }
  latenessP99Ms: number
  /** What the proxy sent to the store, and for how long each kept it busy on average. */
  scripts: { count: number; microseconds: number }
}

const perSecond = 200
const warmUpMs = 2_000
/** All streamed: the first byte of a plain answer is the whole of it. */
const mix = { streams: 1, anthropic: 0.5 }
const pace = { firstByteMs: 10, tokens: 4, tokenMs: 5, spread: 0 }
const key = 'bench'

/** Rejects when a request was not answered whole. Ends all that it has started. */
export async function measureProxy(seconds: number, seed: number): Promise<ProxyCost> {
  const history: RawEvent[] = []
  const onEvents = (events: RawEvent[]) => {
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
    const load = keep(launchLoad(onEvents))
    const targets = [baseUrl, proxy.url]
    const play = (name: string, lastsMs: number) =>
      load.play({ asks: alternating(name, lastsMs, seed), targets, origin: hostNow() + 100, key })
    await play('warm', warmUpMs)
    history.length = 0
    const sampler = await startSampler({ redis: cluster.nodes, keys: [lease.membersKey('alpha')], seed, meanGapMs: 5 })
    const before = await scriptsRunAt(cluster.nodes)
    await play('bench', 1_000 * seconds)
    const after = await scriptsRunAt(cluster.nodes)
    const roundTrip = sampler.stop()
    await load.stop()
    if (roundTrip?.kind !== 'store-round-trips') throw new Error('no round trip to the store was measured')
    const count = after.count - before.count
    return {
      ...timesIn(history as Event[]),
      roundTrip,
      latenessP99Ms: history.find(event => event.kind === 'generator')!.latenessP99Ms,
      scripts: { count, microseconds: (after.microseconds - before.microseconds) / count },
    }
  } finally {
    for (const one of started) await one.stop()
  }
}

const alternating = (name: string, to: number, seed: number): AskStep[] =>
  [...poisson({ name, from: 0, to, perSecond, mix }).asks(seed)].map((ask, n) => ({
    do: 'ask',
    request: `${name}-${n}`,
    via: n % 2,
    ...ask,
  }))

function timesIn(history: readonly Event[]): { straight: Times; proxied: Times } {
  const straight: Times = { firstByte: [], whole: [] }
  const proxied: Times = { firstByte: [], whole: [] }
  const sent = new Map<string, { plannedAt: number; times: Times }>()
  for (const event of history)
    if (event.kind === 'client-sent')
      sent.set(event.request, {
        plannedAt: event.plannedAt,
        times: event.instance === 'proxy-1' ? straight : proxied,
      })
    else if (event.kind === 'client-first-byte' || event.kind === 'client-ended') {
      const { plannedAt, times } = sent.get(event.request)!
      if (event.kind === 'client-first-byte') times.firstByte.push(event.at - plannedAt)
      else if (event.outcome === 'complete') times.whole.push(event.at - plannedAt)
      else throw new Error(`${event.request} was ${event.outcome}: ${event.because ?? `status ${event.status}`}`)
    }
  return { straight, proxied }
}

/** As the nodes count them: EVAL and EVALSHA, without what a script calls. */
async function scriptsRunAt(nodes: readonly Address[]): Promise<{ count: number; microseconds: number }> {
  const stats = await Promise.all(nodes.map(node => atNode(node, redis => redis.info('commandstats'))))
  const sum = { count: 0, microseconds: 0 }
  for (const [, calls, usec] of stats.join('\n').matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+),usec=(\d+)/gm)) {
    sum.count += Number(calls)
    sum.microseconds += Number(usec)
  }
  return sum
}

export async function printProxy([given = '20']: readonly string[]): Promise<void> {
  const seconds = Number(given)
  if (!Number.isSafeInteger(seconds) || seconds < 1) throw new Error(`${given}: a whole number of seconds from 1`)
  console.log(`${perSecond} requests a second for ${seconds} s, every other one straight to the provider`)
  const { straight, proxied, roundTrip, latenessP99Ms, scripts } = await measureProxy(seconds, 1)
  console.log('                    first byte p50      p99   whole answer p50      p99')
  console.log(`straight           ${columns(straight)}\nthrough the proxy  ${columns(proxied)}`)
  const added = at(0.5, proxied.firstByte) - at(0.5, straight.firstByte)
  console.log(
    [
      `added to the first byte: ${ms(added)}, ${(added / roundTrip.p50Ms).toFixed(1)} × a round trip to the store (p50 ${ms(roundTrip.p50Ms)}, p99 ${ms(roundTrip.p99Ms)})`,
      `scripts: ${(scripts.count / proxied.whole.length).toFixed(2)} a request, each keeps its node busy for ${scripts.microseconds.toFixed(0)} µs: ${(1e6 / scripts.microseconds).toFixed(0)} a second at most`,
      `generator: p99 ${ms(latenessP99Ms)} late`,
    ].join('\n'),
  )
}

const columns = ({ firstByte, whole }: Times) =>
  [at(0.5, firstByte), at(0.99, firstByte), at(0.5, whole), at(0.99, whole)]
    .map((value, n) => ms(value).padStart([15, 9, 19, 9][n]!))
    .join('')

const ms = (value: number) => `${value.toFixed(2)} ms`

const at = (share: number, times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(share * times.length)] ?? Number.NaN
