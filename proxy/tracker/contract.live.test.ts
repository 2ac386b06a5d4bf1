/** What every tracker promises on a real cluster, and what the reference promises beyond it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LiveCluster, launchCluster } from '../../sim/worlds/live/cluster/index.ts'
import { findRedisServer, thisMachine } from '../../sim/worlds/live/redis-server.ts'
import { openRedis, type RedisStore } from '../node/redis.ts'
import { leaseMs, type Provider, usualProvider } from '../provider.ts'
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
    expect(await tracker.renew(to, [hold(to, 'a', 't1'), ...lost])).toMatchObject({ reinserted: ['t2', 't3'] })
    expect((await members()).sort()).toEqual(['s:b', 's:c'])
    expect(await tracker.renew(to, lost)).toMatchObject({ reinserted: [] })
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

  test.each(['session', 'attempt'] as const)('a limit of 0 per %s is none, and everybody is counted', async unit => {
    const tracker = create()
    const to = provider(0, { unit })
    for (let n = 1; n <= 60; n++)
      expect(await tracker.acquire(hold(to, `s${n}`, `t${n}`))).toEqual({ kind: 'admitted', count: n })
    expect(await tracker.operator!.count(to)).toBe(60)
    expect(await members()).toHaveLength(60)
  })

  test('a renewal of more than one call takes is one renewal', async () => {
    const tracker = create()
    const to = provider(0)
    const holds = Array.from({ length: 1_203 }, (_, n) => hold(to, `s${n}`, `t${n}`))
    const { reinserted } = await tracker.renew(to, holds)
    expect(reinserted).toEqual(holds.map(({ token }) => token))
    expect(await tracker.operator!.count(to)).toBe(1_203)
    expect((await tracker.renew(to, holds)).reinserted).toEqual([])
  })

  test('what makes room passes when memory is full, what takes it does not', async () => {
    const tracker = create()
    const to = provider(5)
    await tracker.acquire(hold(to, 'a', 't1'))
    const memory = (most: string) =>
      Promise.all(redis.nodes('master').map(node => node.config('SET', 'maxmemory', most)))
    await memory('1')
    try {
      await expect(tracker.acquire(hold(to, 'b', 't2'))).rejects.toThrow('OOM')
      await tracker.renew(to, [hold(to, 'a', 't1')])
      await tracker.release(hold(to, 'a', 't1'), 'success')
    } finally {
      await memory('0')
    }
    expect(await members()).toEqual([])
  })
})

describe('an operator', () => {
  const create = () => trackers.lease.create(store, 0, Date.now)

  test.each(['a', '#', '', 'x y', 't1 s:a'])(
    'ends session %j: none of it is admitted for a lease, its owners are told, nobody else is',
    async session => {
      const tracker = create()
      const to = provider(5, { heartbeatMs: 60 })
      const mine = [hold(to, session, 't1'), hold(to, session, 't2')]
      const other = hold(to, 'other', 't3')
      for (const one of [...mine, other]) await tracker.acquire(one)
      for (let n = 0; n < 2; n++) expect(await tracker.operator!.terminate(to, memberOf(session), leaseMs(to))).toBe(2)
      expect(await kindOf(tracker, hold(to, session, 't4'))).toBe('terminated')
      expect(await kindOf(tracker, hold(to, 'other', 't5'))).toBe('admitted')
      expect(await tracker.renew(to, [...mine, other])).toMatchObject({ reinserted: [], terminated: ['t1', 't2'] })
      expect((await members()).sort(), 'counted until given back').toEqual([memberOf(session), 's:other'].sort())
      for (const one of mine) await tracker.release(one, 'abort')
      expect(await members()).toEqual(['s:other'])
      expect((await tracker.renew(to, mine)).reinserted, 'nothing comes back to life').toEqual([])
      await vi.waitFor(async () => {
        await tracker.renew(to, [other])
        expect(await kindOf(tracker, hold(to, session, `again ${Math.random()}`.replace(' ', '')))).toBe('admitted')
      }, 5_000)
    },
  )

  test('audits: members of an older version go, counts are mended, sessions that are missing come back, what is right stays', async () => {
    const tracker = create()
    const to = provider(0)
    const live = Array.from({ length: 40 }, (_, n) => hold(to, `s${n % 30}`, `t${n}`))
    for (const one of live) await tracker.acquire(one)
    const before = await redis.zrange(sessionsKey('alpha'), '0', '-1', 'WITHSCORES')
    const legacy = Array.from({ length: 1_300 }, (_, n) => [1_700_000_000_000 + n, `old-${n}`] as const)
    await redis.zadd(sessionsKey('alpha'), ...legacy.flat(), 7, 's:s0', 0.5, 'by hand')
    await redis.zrem(sessionsKey('alpha'), 's:s1')
    const report = await tracker.operator!.audit(to)
    expect(report.membersRemoved).toHaveLength(1_301)
    expect(report.membersRemoved).toEqual(expect.arrayContaining(['old-0', 'old-1299', 'by hand']))
    expect([...report.countsMended].sort()).toEqual(['s:s0', 's:s1'])
    const after = await redis.zrange(sessionsKey('alpha'), '0', '-1', 'WITHSCORES')
    const counts = (entries: string[]) => entries.join(' ').replace(/^# -?\d+ | # -?\d+/, '')
    expect(counts(after)).toBe(counts(before))
    expect(await tracker.operator!.audit(to)).toMatchObject({ membersRemoved: [], countsMended: [] })
  })

  test('an older version removes all whose scores are no times: the next call counts them again, and the set does not end', async () => {
    const tracker = create()
    const to = provider(4)
    const older = trackers.ttlOnly.create(store, 5_000, Date.now)
    const mine = [hold(to, 'a', 't1'), hold(to, 'a', 't2'), hold(to, 'b', 't3')]
    for (const one of mine) await tracker.acquire(one)
    await tracker.acquire(hold(to, 'gone', 't4'))
    await tracker.release(hold(to, 'gone', 't4'), 'success')
    await older.acquire(hold(to, 'old', 'o1'))
    expect(await redis.zrange(sessionsKey('alpha'), 0, '-1')).toEqual(['s:old'])
    expect(await redis.pttl(sessionsKey('alpha'))).toBeGreaterThan(0)
    expect(await kindOf(tracker, hold(to, 'c', 't5'))).toBe('admitted')
    expect(await kindOf(tracker, hold(to, 'd', 't6'))).toBe('full')
    expect((await members()).sort()).toEqual(['s:a', 's:b', 's:c', 's:old'])
    expect(await redis.zscore(sessionsKey('alpha'), 's:a')).toBe('2')
    expect(await redis.pttl(sessionsKey('alpha'))).toBe(-1)
    for (const one of mine) await tracker.release(one, 'success')
    expect((await members()).sort()).toEqual(['s:c', 's:old'])
  })

  test('who is in the set is not counted twice where its anchor alone is gone', async () => {
    const tracker = create()
    const to = provider(4)
    for (const token of ['t1', 't2']) await tracker.acquire(hold(to, 'a', token))
    await redis.zrem(sessionsKey('alpha'), anchor)
    await tracker.renew(to, [])
    expect(await redis.zscore(sessionsKey('alpha'), 's:a')).toBe('2')
  })

  test('audits while everybody works, and takes nothing away', async () => {
    const tracker = create()
    const to = provider(0)
    await redis.zadd(sessionsKey('alpha'), ...Array.from({ length: 2_000 }, (_, n) => [1e12 + n, `old-${n}`]).flat())
    const holds = Array.from({ length: 300 }, (_, n) => hold(to, `s${n}`, `t${n}`))
    const [report] = await Promise.all([
      tracker.operator!.audit(to),
      ...holds.map(async (one, n) => {
        await tracker.acquire(one)
        if (n % 3 === 0) await tracker.release(one, 'success')
      }),
    ])
    expect(report.membersRemoved).toHaveLength(2_000)
    expect(report.countsMended).toEqual([])
    expect(await members()).toHaveLength(200)
  })
})
