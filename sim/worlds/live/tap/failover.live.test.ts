/** The tap through cuts and failovers with many writers at once: everything is told, and so is everything that Redis lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anchor, sessionsKey } from '../../../../proxy/tracker/keys.ts'
import type { RawEvent } from '../../../history.ts'
import { type LocalCluster, startCluster } from '../cluster/cluster.ts'
import { findRedisServer, thisMachine } from '../redis-server.ts'
import { openTap, type Tap } from './tap.ts'
import { connectWorkload, type Marked, play } from './workload.ts'

const watch = [
  { provider: 'alpha', key: sessionsKey('alpha') },
  { provider: 'beta', key: sessionsKey('beta') },
  { provider: 'plain', key: 'provider:plain:sessions' },
]
const keys = watch.map(({ key }) => key)

let cluster: LocalCluster
let redis: Cluster
let tap: Tap
let events: RawEvent[]

beforeEach(async () => {
  cluster = await startCluster({ server: await findRedisServer(thisMachine(console.error)) })
  redis = connectWorkload(cluster.nodes)
  events = []
  tap = await openTap({ nodes: cluster.nodes, watch, emit: event => void events.push(event) })
})
afterEach(async () => {
  await tap?.close()
  redis?.disconnect()
  await cluster?.stop()
})

const of = <K extends RawEvent['kind']>(kind: K) =>
  events.filter(event => event.kind === kind) as Extract<RawEvent, { kind: K }>[]

/** What the events tell of a set, in the order in which a history sorts them. */
function told(provider: string): Map<string, number> {
  const set = new Map<string, number>()
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    if (event.kind !== 'store-changed' && event.kind !== 'store-lost') continue
    if (event.provider !== provider) continue
    if (event.score === null) set.delete(event.member)
    else set.set(event.member, event.score)
  }
  return set
}

async function expectTruth({ gaps = 0 } = {}) {
  await tap.sync()
  const censuses = of('store-census').length
  await tap.census()
  for (const { provider, key } of watch) {
    const flat = await redis.zrange(key, 0, '-1', 'WITHSCORES')
    const members = new Map<string, number>()
    for (let n = 0; n < flat.length; n += 2) if (flat[n] !== anchor) members.set(flat[n]!, Number(flat[n + 1]))
    expect(Object.fromEntries(told(provider))).toEqual(Object.fromEntries(members))
  }
  expect(of('store-census').length).toBe(censuses + watch.length)
  expect(of('store-census').filter(({ matched }) => !matched)).toEqual([])
  expect(of('store-gap')).toHaveLength(gaps)
  for (const { at, since } of of('store-changed')) expect(since).toBeLessThanOrEqual(at)
}

/** Each marked write is told once, in a band that holds an instant of its round trip. */
async function expectEach(marked: readonly Marked[]) {
  await tap.sync()
  expect(marked.length).toBeGreaterThan(100)
  const byWrite = Map.groupBy(of('store-changed'), ({ member, score }) => `${member} ${score}`)
  for (const { member, score, sent, replied } of marked) {
    const found = byWrite.get(`${member} ${score}`) ?? []
    expect(found, `${member} ${score}`).toHaveLength(1)
    expect(found[0]!.since).toBeLessThanOrEqual(replied)
    expect(found[0]!.at).toBeGreaterThanOrEqual(sent)
  }
}

describe('a quiet cluster', () => {
  test('every write is told, each in its time, and the state equals the store', async () => {
    await redis.zadd(keys[0]!, 1, anchor)
    await expectEach(await play(redis, keys, 1, 4_000))
    await redis.pexpire(keys[1]!, 20)
    await sleep(60)
    // Redis notices an expiry when somebody looks.
    await redis.zcard(keys[1]!)
    await redis.zpopmin(keys[2]!)
    await redis.call('RENAME', keys[0]!, '{provider:alpha}:aside')
    await redis.call('RENAME', '{provider:alpha}:aside', keys[0]!)
    await expectTruth()
    await expectEach(await play(redis, keys, 2, 1_000))
    await expectTruth()
    expect(of('store-changed').some(({ member }) => member === anchor)).toBe(false)
  })
})

describe('a cut link', () => {
  test('is resumed where it ended: nothing is missing and nothing is told twice', async () => {
    const playing = play(redis, keys, 3, 5_000)
    for (let n = 0; n < 10; n++) {
      await sleep(40)
      tap.cut()
    }
    await expectEach(await playing)
    await expectTruth()
  })
})

describe('a failover', () => {
  test('writes that never reached the replica are taken back one by one', async () => {
    const [alpha] = watch
    await play(redis, [alpha!.key], 5, 200)
    const port = await cluster.ownerOf(alpha!.key)
    const replica = await replicaOf(port)
    // A replica with a wrong password cannot come back for what it misses.
    await replica.config('SET', 'masterauth', 'wrong')
    await replica.call('CLIENT', 'KILL', 'TYPE', 'master')
    const primary = quietly(port)
    for (let n = 0; n < 300; n++) await primary.zadd(alpha!.key, n, `late:${n}`)
    primary.disconnect()
    await cluster.kill(port)
    while ((await cluster.ownerOf(alpha!.key).catch(() => port)) === port) await sleep(50)
    await play(redis, [alpha!.key], 6, 200)
    await expectTruth()
    const late = (kind: 'store-changed' | 'store-lost') =>
      new Set(
        of(kind)
          .filter(({ member }) => member.startsWith('late:'))
          .map(({ member }) => member),
      )
    expect(late('store-changed').size).toBe(300)
    expect(late('store-lost').size).toBe(300)
    replica.disconnect()
  })
  test('a planned one, then the restart of a killed node', async () => {
    const playing = play(redis, keys, 8, 8_000, 8)
    await sleep(200)
    await cluster.failover(keys[0]!)
    await tap.sync()
    const port = await cluster.ownerOf(keys[1]!)
    await cluster.kill(port)
    while ((await cluster.ownerOf(keys[1]!)) === port) await sleep(50)
    await cluster.restart(port)
    await playing
    await expectTruth()
  })
  test('a primary that comes back empty before anyone took over is a declared gap', async () => {
    await play(redis, keys, 9, 500)
    await tap.sync()
    const port = await cluster.ownerOf(keys[0]!)
    const replica = await replicaOf(port)
    await replica.config('SET', 'cluster-replica-no-failover', 'yes')
    await cluster.kill(port)
    await cluster.restart(port)
    await play(redis, keys, 10, 500)
    await expectTruth({ gaps: 1 })
    replica.disconnect()
  })
  test('a stall too short for a failover delays what is told, and hides nothing', async () => {
    const port = await cluster.ownerOf(keys[0]!)
    cluster.freeze(port)
    // Longer than the patience of a fence, shorter than the cluster's.
    await sleep(1_300)
    cluster.resume(port)
    expect(await cluster.ownerOf(keys[0]!)).toBe(port)
    await expectEach(await play(redis, keys, 11, 1_000))
    await expectTruth()
  })
  test('a frozen primary is left for the one that took over, and its return changes nothing', async () => {
    const playing = play(redis, keys, 7, 6_000, 8)
    await sleep(200)
    const port = await cluster.ownerOf(keys[0]!)
    cluster.freeze(port)
    await sleep(3_500)
    cluster.resume(port)
    await playing
    await expectTruth()
  })
})

/** A node that is killed on purpose is no news. */
const quietly = (port: number) => new Redis({ port }).on('error', () => {})

async function replicaOf(port: number): Promise<Redis> {
  for (const node of cluster.nodes) {
    const candidate = quietly(node.port)
    if ((await candidate.info('replication')).includes(`master_port:${port}\r`)) return candidate
    candidate.disconnect()
  }
  throw new Error(`no replica of ${port}`)
}
