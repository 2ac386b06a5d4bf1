/** The lease scripts on one virtual node, whose time the test sets. */
import { expect, test } from 'vitest'
import { toBytes } from '../../sim/redis/bytes.ts'
import { VirtualNode } from '../../sim/redis/node.ts'
import { luaEngine, scriptOf, sha1 } from '../../sim/worlds/virtual/resources.ts'
import { type Provider, usualProvider } from '../provider.ts'
import { attemptsKey, memberOf, sessionsKey } from './keys.ts'
import { lease } from './lease.ts'
import type { Hold, Store } from './tracker.ts'

function stage() {
  const provider: Provider = {
    ...usualProvider,
    id: 'alpha',
    baseUrl: '',
    limit: 0,
    heartbeatMs: 1_000,
    tombstoneMs: 5_000,
  }
  let now = 1_000_000
  const node = new VirtualNode({ address: '', engine: luaEngine(), sha1, now: () => now })
  const store: Store = {
    async run(script, keys, args) {
      const { text } = scriptOf(script)
      return node.execute(['EVAL', text, String(keys.length), ...keys, ...args.map(arg => toBytes(String(arg)))])
    },
  }
  const tracker = lease.create(store, 0, () => 0)
  const hold = (session: string, token: string): Hold => ({ provider, member: memberOf(session), token })
  return {
    provider,
    acquire: (session: string, token: string) => tracker.acquire(hold(session, token)),
    release: (session: string, token: string) => tracker.release(hold(session, token), 'success'),
    /** Lease time advances by at most a heartbeat with each call. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= provider.heartbeatMs) {
        now += Math.min(left, provider.heartbeatMs)
        await tracker.renew(provider, [])
      }
    },
    audit: () => tracker.operator!.audit(provider),
    /** Puts members there by hand, or reads them. */
    sessions: (command: 'ZADD' | 'ZRANGE', ...args: readonly string[]) =>
      node.execute([command, sessionsKey('alpha'), ...args]),
    entries: () => (node.execute(['ZRANGE', attemptsKey('alpha'), '0', '-1']) as string[]).filter(one => one !== '#'),
  }
}

test('the reaper takes the tombstones that are over, and none besides', async () => {
  const { provider, acquire, release, pass, entries } = stage()
  await acquire('lives', 't')
  for (let n = 0; n < 100; n++) await release('early', `e${n}`)
  await pass(2_000)
  for (let n = 0; n < 100; n++) await release('late', `l${n}`)
  await acquire('lives', 't')
  // More than one batch of them is over: two calls take them.
  await pass(provider.tombstoneMs - 2_000 + 1)
  await pass(1)
  expect(entries().filter(entry => entry.startsWith('e'))).toEqual([])
  expect(entries().filter(entry => entry.startsWith('l'))).toHaveLength(100)
  expect(entries()).toContain('t s:lives')
  await pass(2_000)
  await pass(1)
  expect(entries().filter(entry => !entry.startsWith('t '))).toEqual([])
})

test('an audit takes exactly the members that no attempt backs, wherever they stand, and mends the counts', async () => {
  const { provider, acquire, pass, audit, sessions } = stage()
  provider.limit = 1_000
  for (let n = 0; n < 20; n++) await acquire(`live-${n}`, `t${n}`)
  // Dead ones above, between and below those that live, one by one and side by side, and more of them than one call looks at.
  const scores = Array.from({ length: 5_000 }, (_, n) => (n < 4_500 ? 1_700_000_000_000 + n : (n % 3) - 1))
  sessions('ZADD', ...scores.flatMap((score, n) => [String(score), memberOf(`dead-${n}-live`)]))
  for (let n = 0; n < 20; n += 2) sessions('ZADD', String(n - 5), memberOf(`live-${n}`))
  sessions('ZADD', '1', memberOf('live'), '2', memberOf('live-5x'))
  const { membersRemoved, countsMended } = await audit()
  expect(membersRemoved).toHaveLength(5_002)
  // 6 - 5 is the count it should have.
  expect(countsMended.toSorted()).toEqual(
    Array.from({ length: 10 }, (_, n) => memberOf(`live-${2 * n}`))
      .filter(member => member !== memberOf('live-6'))
      .toSorted(),
  )
  const live = Array.from({ length: 20 }, (_, n) => [memberOf(`live-${n}`), '1']).toSorted()
  const left = sessions('ZRANGE', '0', '-1', 'WITHSCORES') as string[]
  const pairs = left.flatMap((member, n) => (n % 2 ? [] : [[member, left[n + 1]!]]))
  expect(pairs.filter(([member]) => member !== '#').toSorted()).toEqual(live)
  await pass(1)
  expect(await audit()).toMatchObject({ membersRemoved: [], countsMended: [] })
})
