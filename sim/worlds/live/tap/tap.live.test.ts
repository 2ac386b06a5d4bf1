/** The tap against a real cluster: it sees every write of a known workload, also across a cut and a killed primary. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { memberOf, sessionsKey } from '../../../../proxy/tracker/keys.ts'
import type { Event, RawEvent } from '../../../history.ts'
import { randomFor } from '../../../random.ts'
import { type LiveCluster, launchCluster } from '../cluster/index.ts'
import { slotLever } from '../levers/slot.ts'
import { hostNow } from '../part.ts'
import { findRedisServer, thisMachine } from '../redis-server.ts'
import { openTap, type Tap } from './tap.ts'

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>

const providers = ['alpha', 'beta']
/** In the same slot as alpha's, and no random write goes there. */
const quietKey = '{provider:alpha}:quiet'
let cluster: LiveCluster
let redis: Cluster
let tap: Tap
let events: RawEvent[]

beforeAll(async () => {
  cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
  redis = new Cluster([...cluster.nodes], {
    slotsRefreshInterval: 300,
    redisOptions: { protocol: 2, disableClientInfo: true, commandTimeout: 800 },
  })
  redis.on('error', () => {})
})
afterAll(async () => {
  redis?.disconnect()
  await cluster?.stop()
})
beforeEach(async () => {
  await cluster.flush()
  events = []
  const watch = [
    ...providers.map(provider => ({ provider, key: sessionsKey(provider) })),
    { provider: 'quiet', key: quietKey },
  ]
  tap = await openTap({
    nodes: cluster.nodes,
    watch,
    slotsMove: true,
    emit: event => void events.push(event),
    checkEveryMs: 200,
  })
  return () => tap.close()
})

const of = <K extends Event['kind']>(kind: K) => events.filter((event): event is Of<K> => event.kind === kind)

/** What an observer holds who believes the events alone. */
function believed(provider: string): Map<string, number> {
  const members = new Map<string, number>()
  for (const event of events) {
    if (event.kind !== 'store-changed' && event.kind !== 'store-lost') continue
    if (event.provider !== provider) continue
    if (event.score === null) members.delete(event.member)
    else members.set(event.member, event.score)
  }
  return members
}

const twoKeys = `#!lua
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
if tonumber(ARGV[2]) % 3 == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1`

/** Random writes of every kind that trackers use; answers how many were acknowledged. */
async function write(
  seed: number,
  count: number,
  between: (n: number) => Promise<void> | void = () => {},
): Promise<number> {
  let acknowledged = 0
  for (let n = 0; n < count; n++) {
    const random = randomFor(seed, n)
    const key = sessionsKey(providers[Math.floor(random.next() * 2)]!)
    const member = memberOf(`s${Math.floor(random.next() * 40)} ü`)
    const score = Math.floor(random.next() * 1_000)
    const kind = random.next()
    const send = () => {
      if (kind < 0.4) return redis.eval(twoKeys, 2, key, key.replace('active_sessions', 'refs'), member, score)
      if (kind < 0.6) return redis.zadd(key, score, member)
      if (kind < 0.7) return redis.zadd(key, 'GT', score, member)
      if (kind < 0.8) return redis.zincrby(key, score / 8, member)
      if (kind < 0.95) return redis.zrem(key, member)
      if (kind < 0.98) return redis.zremrangebyscore(key, '-inf', `(${score / 4}`)
      return redis.pexpire(key, 5)
    }
    await between(n)
    await send().then(
      () => acknowledged++,
      () => {},
    )
  }
  // An expiry that is still due would change the store between two looks of the test.
  for (const provider of providers) await redis.persist(sessionsKey(provider))
  return acknowledged
}

/** The state that the events tell equals the store's, read at an exact offset, and every census agreed. */
async function expectTruth() {
  await tap.sync()
  await tap.census()
  for (const provider of providers) {
    const census = of('store-census').filter(event => event.provider === provider)
    expect(census.length).toBeGreaterThan(0)
    for (const { matched } of census) expect(matched).toBe(true)
    const store = await redis.zrange(sessionsKey(provider), 0, '-1', 'WITHSCORES')
    const members = new Map(store.flatMap((text, n) => (n % 2 ? [] : [[text, Number(store[n + 1])] as const])))
    expect(believed(provider)).toEqual(members)
    expect(new Set(census.at(-1)!.members)).toEqual(new Set(members.keys()))
  }
}

test('sees every write of a known workload, each in its band of time', async () => {
  const spans = new Map<string, { sent: number; replied: number }>()
  expect(await write(1, 2_000)).toBe(2_000)
  for (let n = 0; n < 300; n++) {
    const sent = hostNow()
    await redis.zadd(sessionsKey('alpha'), n, `timed-${n}`)
    spans.set(`timed-${n}`, { sent, replied: hostNow() })
  }
  await expectTruth()
  const timed = of('store-changed').filter(({ member }) => spans.has(member))
  expect(timed).toHaveLength(300)
  for (const { member, since, at } of timed) {
    const { sent, replied } = spans.get(member)!
    expect(since).toBeLessThanOrEqual(replied)
    expect(at).toBeGreaterThanOrEqual(sent)
  }
  expect(of('store-gap')).toEqual([])
})

test('resumes after its connections were cut, and misses nothing', async () => {
  const acknowledged = await write(2, 1_500, n => {
    if (n % 300 === 150) tap.cut()
  })
  expect(acknowledged).toBe(1_500)
  await expectTruth()
  expect(of('store-gap')).toEqual([])
})

/** The nodes that own a key: the primary first. */
async function ownersOf(key: string): Promise<[primary: number, replica: number]> {
  const ranges = await redis.cluster('SLOTS')
  const primary = await cluster.ownerOf(key)
  const [, , , replica] = ranges.find(([, , owner]) => owner?.[1] === primary)!
  return [primary, replica![1]]
}

async function untilTakenOver(key: string, from: number) {
  for (let tries = 0; tries < 200 && (await cluster.ownerOf(key)) === from; tries++) await sleep(50)
}

test('goes on at the replica when a primary is killed, and misses nothing', async () => {
  const key = sessionsKey('alpha')
  const [primary] = await ownersOf(key)
  await write(3, 1_500, async n => {
    if (n === 500) void cluster.kill(primary)
    if (n > 500) await sleep(2)
  })
  await untilTakenOver(key, primary)
  await write(4, 300)
  await expectTruth()
  expect(of('store-gap')).toEqual([])
})

test('takes back what a failover lost, and says so', async () => {
  const key = sessionsKey('beta')
  const [primary, replica] = await ownersOf(key)
  await write(5, 200)
  // More than the sockets between the two can hold: what comes after it never reaches the frozen replica.
  await cluster.freeze(replica)
  for (let n = 0; n < 30; n++) await redis.set(key.replace('active_sessions', 'ballast'), Buffer.alloc(1024 * 1024, n))
  for (let n = 0; n < 50; n++) await redis.zadd(key, n, `lost-${n}`)
  await tap.sync()
  expect(of('store-changed').filter(({ member }) => member.startsWith('lost-'))).toHaveLength(50)
  await cluster.kill(primary)
  await cluster.resume(replica)
  await untilTakenOver(key, primary)
  await write(6, 200)
  await expectTruth()
  expect(of('store-gap')).toEqual([])
  const lost = of('store-lost').map(({ member, score }) => ({ member, score }))
  expect(lost).toHaveLength(50)
  expect(lost).toEqual(expect.arrayContaining([{ member: 'lost-0', score: null }]))
})

test('follows a key whose slot moves to other primaries, and a flush', async () => {
  const lever = slotLever({ cluster, membersKey: sessionsKey, moving: new Set() }, 'alpha')
  let moved: Promise<void>[] = []
  // While it moves, it is told neither as gone nor as new.
  await redis.zadd(quietKey, 1, 'stays')
  const acknowledged = await write(7, 1_200, async n => {
    if (n === 300) moved = [(await lever.migrate(5)).undo()]
    if (n === 800) {
      await Promise.all(moved)
      await (await lever.migrate(5)).undo()
    }
  })
  expect(acknowledged).toBeGreaterThan(1_000)
  await expectTruth()
  expect(of('store-gap')).toEqual([])
  const nodes = new Set(
    of('store-changed')
      .filter(({ provider }) => provider === 'alpha')
      .map(({ node }) => node),
  )
  expect(nodes.size).toBeGreaterThan(1)
  expect(of('store-changed').filter(({ member }) => member === 'stays')).toHaveLength(1)
  await cluster.flush()
  await expectTruth()
  expect(believed('alpha').size).toBe(0)
})
