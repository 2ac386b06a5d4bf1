/** Who serves when a node is gone, what is lost then, and what a node that was replaced still believes. */
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../clock.ts'
import { luaEngine, sha1 } from '../worlds/virtual/resources.ts'
import { VirtualCluster } from './cluster.ts'
import type { Change } from './keyspace.ts'

const key = '{a}'
const electedMs = 2_300

/** A cluster, the shard of a key, and what the cluster told. */
function stage() {
  const clock = new VirtualClock()
  const told: string[] = []
  const say =
    (kind: string) =>
    (_: unknown, { member, after }: Change) =>
      void told.push(`${kind} ${member} ${after}`)
  const cluster = new VirtualCluster({
    clock,
    engine: luaEngine(),
    sha1,
    changed: say('changed'),
    lost: say('lost'),
    changedHands: () => void told.push('changed hands'),
  })
  const shard = cluster.shardOf(key)
  const add = (member: string, at = shard.primary) => at.node.execute(['ZADD', key, '1', member])
  const members = (at = shard.primary) => [...(at.node.keyspace.zset(key) ?? [])].map(({ member }) => member)
  const roles = () => [shard.primary.node.role, shard.replica.node.role]
  const pass = (ms: number) => clock.run(clock.now() + ms)
  return { clock, cluster, shard, told, add, members, roles, pass }
}

describe('a primary is killed', () => {
  test('its replica takes over after the node time-out and an election, without what it had not heard of', async () => {
    const { cluster, shard, told, add, members, pass } = stage()
    const { primary, replica } = shard
    add('old')
    await pass(1)
    add('young')
    shard.kill(primary)
    await pass(electedMs - 1)
    expect(shard.primary).toBe(primary)
    await pass(1)
    expect(shard.primary).toBe(replica)
    expect(members()).toEqual(['old'])
    expect(cluster.holderOf(key)).toBe(replica.node)
    expect(told).toEqual(['changed old 1', 'changed young 1', 'changed hands'])
  })

  test('the cure waits for that, and then follows with an empty process', async () => {
    const { clock, shard, add, members, roles, pass } = stage()
    const { primary, replica } = shard
    add('old')
    await pass(1)
    shard.kill(primary)
    await clock.drive(shard.restart(primary))
    expect(clock.now()).toBeGreaterThanOrEqual(electedMs)
    expect([shard.primary, shard.replica]).toEqual([replica, primary])
    expect(roles()).toEqual(['primary', 'replica'])
    expect(shard.whole).toBe(true)
    expect(members()).toEqual(['old'])
    // In step: what is added now survives.
    add('new')
    await pass(1)
    shard.kill(shard.primary)
    await clock.drive(shard.restart(replica))
    expect(shard.primary).toBe(primary)
    expect(members()).toEqual(['new', 'old'])
  })

  test('and its heir too: all is lost, and the cluster says so', async () => {
    const { clock, shard, told, add, members, pass } = stage()
    const { primary, replica } = shard
    add('old')
    shard.kill(primary)
    shard.kill(replica)
    await pass(10_000)
    expect(shard.primary).toBe(primary)
    await clock.drive(shard.restart(replica))
    // It has never heard from its primary.
    await pass(10_000)
    expect(shard.primary).toBe(primary)
    await clock.drive(shard.restart(primary))
    expect(members()).toEqual([])
    expect(told.at(-1)).toBe('changed hands')
    expect(shard.whole).toBe(true)
  })

  test('with most of the others: nobody is elected, and the cure gives the order', async () => {
    const { clock, cluster, shard, add, members, pass } = stage()
    const { primary, replica } = shard
    const other = cluster.shards.find(one => one !== shard)!
    add('old')
    await pass(1)
    other.kill(other.primary)
    shard.kill(primary)
    await pass(10_000)
    expect(shard.primary).toBe(primary)
    await clock.drive(shard.restart(primary))
    expect(shard.primary).toBe(replica)
    expect(members()).toEqual(['old'])
    // Now there is a majority again.
    await pass(2 * electedMs)
    expect(other.primary.state).toBe('up')
  })
})

describe('a primary is stopped', () => {
  test('for less than the node time-out: nothing is lost, and nobody takes over', async () => {
    const { shard, told, add, members, pass } = stage()
    const { primary } = shard
    add('old')
    const thaw = shard.freeze(primary)
    await pass(electedMs - 1)
    thaw()
    await pass(10_000)
    expect(shard.primary).toBe(primary)
    expect(shard.whole).toBe(true)
    expect(members()).toEqual(['old'])
    expect(told).toEqual(['changed old 1'])
  })

  test('for longer: what waited is executed by one that does not know, and lost', async () => {
    const { shard, told, add, members, roles, pass } = stage()
    const { primary, replica } = shard
    add('old')
    await pass(1)
    const thaw = shard.freeze(primary)
    let reply: unknown
    primary.receive(['ZADD', key, '1', 'late'], false, answer => {
      reply = answer
    })
    await pass(electedMs)
    expect(shard.primary).toBe(replica)
    expect(reply).toBeUndefined()
    thaw()
    expect(reply).toBe(1)
    expect(told.slice(1)).toEqual(['changed hands', 'lost late 1'])
    expect(roles()).toEqual(['primary', 'replica'])
    expect(members()).toEqual(['old'])
    // From here on it knows.
    expect(add('later', primary)).toEqual({ err: expect.stringMatching(/^MOVED \d+ 10\.0\.1\.\d:6379$/) })
  })

  test('twice at once: it goes on with the second cure', async () => {
    const { shard, pass } = stage()
    const [first, second] = [shard.freeze(shard.primary), shard.freeze(shard.primary)]
    first()
    first()
    expect(shard.primary.state).toBe('frozen')
    second()
    expect(shard.primary.state).toBe('up')
    await pass(10_000)
    expect(shard.whole).toBe(true)
  })
})

test('both are stopped, and then the primary is killed: its replica has what it had before', async () => {
  const { shard, add, members, pass } = stage()
  const { primary, replica } = shard
  add('old')
  await pass(1)
  const thaws = [shard.freeze(replica), shard.freeze(primary)]
  shard.kill(primary)
  await pass(10_000)
  expect(shard.primary).toBe(primary)
  for (const thaw of thaws) thaw()
  await pass(electedMs)
  expect(shard.primary).toBe(replica)
  expect(members()).toEqual(['old'])
})

test('a graceful fail-over loses nothing, and needs both', async () => {
  const { shard, told, add, members, roles, pass } = stage()
  const { primary, replica } = shard
  add('young')
  expect(shard.failOver()).toBe(true)
  expect([shard.primary, shard.replica]).toEqual([replica, primary])
  expect(roles()).toEqual(['primary', 'replica'])
  expect(members()).toEqual(['young'])
  expect(told).toEqual(['changed young 1', 'changed hands'])
  expect(add('more', primary)).toEqual({ err: expect.stringMatching(/^MOVED/) })
  const thaw = shard.freeze(shard.replica)
  expect(shard.failOver()).toBe(false)
  thaw()
  await pass(10_000)
  expect(shard.whole).toBe(true)
})
