/** What is told of the store is what is in it, whoever serves it. */
import { expect, test } from 'vitest'
import { VirtualClock } from '../../clock.ts'
import type { Event } from '../../history.ts'
import { VirtualCluster } from '../../redis/cluster.ts'
import { keySlot } from '../../redis/node.ts'
import { luaEngine, sha1 } from './resources.ts'
import { watchStore } from './watch.ts'

const key = '{a}'

function stage() {
  const clock = new VirtualClock()
  const events: Event[] = []
  const watch = watchStore({
    watched: new Map([[key, 'alpha']]),
    holderOf: one => cluster.holderOf(one),
    now: () => clock.now(),
    tell: event => events.push(event),
  })
  const cluster: VirtualCluster = new VirtualCluster({ clock, engine: luaEngine(), sha1, ...watch })
  const shard = cluster.shardOf(key)
  const set = (...args: string[]) => cluster.holderOf(key).execute(args)
  const told = () =>
    events.splice(0).map(event => {
      if (event.kind === 'store-changed' || event.kind === 'store-lost')
        return `${event.kind === 'store-lost' ? 'lost ' : ''}${event.member} ${event.score}`
      return event.kind === 'store-census' ? `${event.members.toSorted()} ${event.matched}` : event.kind
    })
  return { clock, cluster, shard, watch, set, told, pass: (ms: number) => clock.run(clock.now() + ms) }
}

test('members come, move and go; anchors and other keys are nobody’s business', () => {
  const { watch, set, told } = stage()
  set('ZADD', key, '1', 'a', '2', 'b', '0', '#')
  set('ZADD', key, '3', 'a')
  set('ZREM', key, 'b')
  set('ZADD', '{a}other', '1', 'x')
  watch.census()
  expect(told()).toEqual(['a 1', 'b 2', 'a 3', 'b null', 'a true'])
})

test('what a fail-over lost is taken back, and told as lost', async () => {
  const { clock, shard, watch, set, told, pass } = stage()
  set('ZADD', key, '1', 'kept', '1', 'moved', '1', 'gone')
  await pass(1)
  set('ZADD', key, '2', 'moved', '1', 'young')
  set('ZREM', key, 'gone')
  told()
  const { primary } = shard
  shard.kill(primary)
  await clock.drive(shard.restart(primary))
  expect(told().toSorted()).toEqual(['lost gone 1', 'lost moved 1', 'lost young null'])
  watch.census()
  expect(told()).toEqual(['gone,kept,moved true'])
})

test('what a replaced primary still executes is lost, and changes nothing', async () => {
  const { shard, watch, set, told, pass } = stage()
  set('ZADD', key, '1', 'a', '1', 'b')
  await pass(1)
  const { primary } = shard
  const thaw = shard.freeze(primary)
  for (const args of [
    ['ZREM', key, 'a'],
    ['ZADD', key, '5', 'b'],
    ['ZADD', key, '1', 'c'],
  ])
    primary.receive(args, false, () => {})
  await pass(2_300)
  set('ZREM', key, 'b')
  told()
  thaw()
  // Each as it is where it counts: `a` is there, the others are not.
  expect(told()).toEqual(['lost a 1', 'lost b null', 'lost c null'])
  watch.census()
  expect(told()).toEqual(['a true'])
})

test('a migration tells nothing, and hides nothing that happens meanwhile', () => {
  const { cluster, shard, watch, set, told } = stage()
  set('ZADD', key, '1', 'a', '1', 'b')
  told()
  const migration = cluster.startMigration(keySlot(key), cluster.shards.find(one => one !== shard)!)
  cluster.migrateKey(migration, key)
  watch.census()
  expect(told()).toEqual(['a,b true'])
  migration.to.execute(['ZREM', key, 'a'], true)
  cluster.endMigration(migration)
  watch.census()
  expect(told()).toEqual(['a null', 'b true'])
})

test('a target that fails over before its replica has the key: all of it is lost', async () => {
  const { clock, cluster, shard, watch, set, told, pass } = stage()
  set('ZADD', key, '1', 'a')
  await pass(1)
  told()
  const target = cluster.shards.find(one => one !== shard)!
  const migration = cluster.startMigration(keySlot(key), target)
  cluster.migrateKey(migration, key)
  const { primary } = target
  target.kill(primary)
  await clock.drive(target.restart(primary))
  expect(told()).toEqual(['lost a null'])
  // The migration goes on, with the heir.
  expect(migration.to).toBe(target.primary.node)
  cluster.endMigration(migration)
  expect(cluster.ownerOf(keySlot(key))).toBe(target.primary.node)
  watch.census()
  expect(told()).toEqual([' true'])
})

test('FLUSHALL is a change like any other, and a census that differs says so', () => {
  const { cluster, watch, set, told } = stage()
  set('ZADD', key, '1', 'a', '1', 'b')
  cluster.holderOf(key).keyspace.clear()
  expect(told()).toEqual(['a 1', 'b 1', 'a null', 'b null'])
  set('ZADD', key, '1', 'a')
  // Behind its back.
  cluster.holderOf(key).clear()
  told()
  watch.census()
  expect(told()).toEqual([' false'])
})
