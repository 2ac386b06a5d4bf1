/** What every tracker promises on a real cluster, and what the reference promises beyond it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LiveCluster, launchCluster } from '../../sim/worlds/live/cluster/index.ts'
import { findRedisServer, thisMachine } from '../../sim/worlds/live/redis-server.ts'
import { openRedis, type RedisStore } from '../node/redis.ts'
import { type Provider, usualProvider } from '../provider.ts'
import * as trackers from './index.ts'
import { anchor, attemptsKey, memberOf, sessionsKey } from './keys.ts'
import type { Hold, Tracker } from './tracker.ts'

let cluster: LiveCluster
let store: RedisStore
let redis: Cluster

beforeAll(async () => {
  cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
  store = openRedis(cluster.nodes, () => {})
  await store.ready()
  redis = new Cluster([...cluster.nodes], { redisOptions: { protocol: 2 } })
})
afterAll(async () => {
  redis?.disconnect()
  store?.close()
  await cluster?.stop()
})
beforeEach(() => cluster.flush())

const provider = (limit: number, more: Partial<Provider> = {}): Provider => ({
  ...usualProvider,
  id: 'alpha',
  baseUrl: '',
  limit,
  heartbeatMs: 500,
  ...more,
})
const hold = (to: Provider, session: string, token: string): Hold => ({
  provider: to,
  member: memberOf(session),
  token,
})
const members = async () => (await redis.zrange(sessionsKey('alpha'), 0, '-1')).filter(member => member !== anchor)
const kindOf = async (tracker: Tracker, of: Hold) => (await tracker.acquire(of)).kind

describe.each(Object.values(trackers).filter(variant => variant !== trackers.untagged))('$name', variant => {
  const create = () => variant.create(store, 5_000, Date.now)

  test('admits up to the limit, and a session that is in already', async () => {
    const tracker = create()
    const to = provider(2)
    expect(await kindOf(tracker, hold(to, 'a', 't1'))).toBe('admitted')
    expect(await kindOf(tracker, hold(to, 'b', 't2'))).toBe('admitted')
    expect(await kindOf(tracker, hold(to, 'c', 't3'))).toBe('full')
    expect(await kindOf(tracker, hold(to, 'a', 't4'))).toBe('admitted')
    expect((await members()).sort()).toEqual(['s:a', 's:b'])
  })

  test(`admits ${variant === trackers.checkThenAct ? 'more than' : 'exactly'} the limit of many at once`, async () => {
    const tracker = create()
    const kinds = await Promise.all(
      Array.from({ length: 60 }, (_, n) => kindOf(tracker, hold(provider(7), `s${n}`, `t${n}`))),
    )
    const admitted = kinds.filter(kind => kind === 'admitted').length
    if (variant === trackers.checkThenAct) expect(admitted).toBeGreaterThan(7)
    else expect(admitted).toBe(7)
  })

  test.each(['', '#', 'a b', 't1 s:a', 'ünï\n"quote"'])('keeps session %j as it is', async session => {
    const tracker = create()
    await tracker.acquire(hold(provider(2), session, 't1'))
    expect(await members()).toEqual([memberOf(session)])
  })
})

test('untagged: the cluster answers CROSSSLOT, and the tracker lets everybody pass', async () => {
  const tracker = trackers.untagged.create(store, 5_000, Date.now)
  const answers = await Promise.all(
    Array.from({ length: 5 }, (_, n) => tracker.acquire(hold(provider(1), `s${n}`, `t${n}`))),
  )
  for (const answer of answers)
    expect(answer).toMatchObject({ kind: 'uncounted', because: expect.stringContaining('CROSSSLOT') })
})

describe('lease', () => {
  const create = () => trackers.lease.create(store, 0, Date.now)

  test('counts a session until its last attempt ends', async () => {
    const tracker = create()
    const to = provider(1)
    await tracker.acquire(hold(to, 'a', 't1'))
    await tracker.acquire(hold(to, 'a', 't2'))
    await tracker.release(hold(to, 'a', 't1'), 'failure')
    expect(await kindOf(tracker, hold(to, 'b', 't3'))).toBe('full')
    await tracker.release(hold(to, 'a', 't2'), 'success')
    expect(await kindOf(tracker, hold(to, 'b', 't4'))).toBe('admitted')
  })

  test('repeated commands change nothing', async () => {
    const tracker = create()
    const to = provider(3)
    for (let n = 0; n < 3; n++) expect(await kindOf(tracker, hold(to, 'a', 't1'))).toBe('admitted')
    expect(await redis.zscore(sessionsKey('alpha'), 's:a')).toBe('1')
    for (let n = 0; n < 3; n++) await tracker.release(hold(to, 'a', 't1'), 'failure')
    expect(await members()).toEqual([])
  })

  test('a released token is dead, even if its release came first; so is a refused one', async () => {
    const tracker = create()
    const to = provider(1)
    await tracker.release(hold(to, 'a', 't1'), 'abort')
    expect(await kindOf(tracker, hold(to, 'a', 't1'))).toBe('dead')
    await tracker.acquire(hold(to, 'b', 't2'))
    expect(await kindOf(tracker, hold(to, 'c', 't3'))).toBe('full')
    await tracker.release(hold(to, 'b', 't2'), 'success')
    expect(await kindOf(tracker, hold(to, 'c', 't3'))).toBe('dead')
    expect(await members()).toEqual([])
  })

  test('a renewal restores what the store has lost, and never what was released', async () => {
    const tracker = create()
    const to = provider(1)
    await tracker.acquire(hold(to, 'a', 't1'))
    await tracker.release(hold(to, 'a', 't1'), 'success')
    const lost = [hold(to, 'b', 't2'), hold(to, 'c', 't3')]
    expect(await tracker.renew(to, [hold(to, 'a', 't1'), ...lost])).toEqual({ reinserted: ['t2', 't3'] })
    expect((await members()).sort()).toEqual(['s:b', 's:c'])
    expect(await tracker.renew(to, lost)).toEqual({ reinserted: [] })
  })

  test('a lease that nobody renews ends after four heartbeats of beats, and a renewed one does not', async () => {
    const tracker = create()
    const to = provider(5, { heartbeatMs: 40 })
    await tracker.acquire(hold(to, 'dead', 't1'))
    await tracker.acquire(hold(to, 'alive', 't2'))
    for (let beat = 0; beat < 12; beat++) {
      await sleep(25)
      await tracker.renew(to, [hold(to, 'alive', 't2')])
    }
    expect(await members()).toEqual(['s:alive'])
  })

  test('a gap of many leases costs at most one heartbeat of lease time', async () => {
    const tracker = create()
    const to = provider(5, { heartbeatMs: 50 })
    await tracker.acquire(hold(to, 'a', 't1'))
    await sleep(600)
    await tracker.renew(to, [])
    expect(await members()).toEqual(['s:a'])
  })

  test('only anchors and tombstones are left, and tombstones drain', async () => {
    const tracker = create()
    const to = provider(200, { heartbeatMs: 50, tombstoneMs: 60 })
    const holds = Array.from({ length: 150 }, (_, n) => hold(to, `s${n}`, `t${n}`))
    await Promise.all(holds.map(one => tracker.acquire(one)))
    await Promise.all(holds.map(one => tracker.release(one, 'failure')))
    for (let beat = 0; beat < 20; beat++) {
      await sleep(30)
      await tracker.renew(to, [])
    }
    expect(await redis.zrange(sessionsKey('alpha'), 0, '-1')).toEqual([anchor])
    expect(await redis.zrange(attemptsKey('alpha'), 0, '-1')).toEqual([anchor])
  })

  test('300 leases that expire together refuse nobody', async () => {
    const tracker = create()
    const old = Array.from({ length: 300 }, (_, n) => hold(provider(300), `old${n}`, `o${n}`))
    await Promise.all(old.map(one => tracker.acquire(one)))
    // The lease clock jumps past all of them at once; one batch of the reaper alone would leave more than the limit.
    const now = Number(await redis.zscore(attemptsKey('alpha'), anchor))
    await redis.zadd(attemptsKey('alpha'), now + 5_000, anchor)
    expect(await kindOf(tracker, hold(provider(50), 'new', 'n'))).toBe('admitted')
  })

  test('unit attempt counts attempts', async () => {
    const tracker = create()
    const to = provider(2, { unit: 'attempt' })
    expect(await kindOf(tracker, hold(to, 'a', 't1'))).toBe('admitted')
    expect(await kindOf(tracker, hold(to, 'a', 't2'))).toBe('admitted')
    expect(await kindOf(tracker, hold(to, 'a', 't3'))).toBe('full')
  })
})
