/** What a node says when it will not do what it was told, in Redis's own words; the live tests compare them with Redis. */
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../clock.ts'
import { luaEngine, sha1 } from '../worlds/virtual/resources.ts'
import { VirtualCluster } from './cluster.ts'
import { keySlot, VirtualNode } from './node.ts'

/** The owner of `{a}`, another primary, and its replica. */
function stage() {
  const cluster = new VirtualCluster({ clock: new VirtualClock(), engine: luaEngine(), sha1 })
  const home = cluster.shardOf('{a}')
  const away = cluster.shards.find(shard => shard !== home)!
  return { cluster, home, away, node: home.primary.node, other: away.primary.node, replica: home.replica.node }
}

const slot = keySlot('{a}')
const err = (text: string) => ({ err: text })
const set = (key: string) => ['SET', key, 'v']
const both = ['EVAL', "return redis.call('EXISTS', KEYS[1], KEYS[2])", '2', '{a}1', '{a}2']

test('MOVED: the slot is elsewhere; a replica sends everything away', () => {
  const { node, other, replica } = stage()
  expect(node.execute(set('{a}1'))).toEqual({ ok: 'OK' })
  expect(other.execute(['GET', '{a}1'])).toEqual(err(`MOVED ${slot} ${node.address}`))
  expect(replica.execute(['GET', '{a}1'])).toEqual(err(`MOVED ${slot} ${node.address}`))
})

test('CROSSSLOT: keys that share no slot', () => {
  const { node } = stage()
  const crossing = err("CROSSSLOT Keys in request don't hash to the same slot")
  expect(node.execute(['EXISTS', '{a}1', '{b}1'])).toEqual(crossing)
  expect(node.execute(['EVAL', 'return 1', '2', '{a}1', '{b}1'])).toEqual(crossing)
})

describe('a slot on its way', () => {
  test('ASK for what has left, TRYAGAIN for what has left in part, and the target answers only who was sent', () => {
    const { cluster, node, other, away } = stage()
    for (const key of ['{a}1', '{a}2']) node.execute(set(key))
    const migration = cluster.startMigration(slot, away)
    expect(node.execute(both)).toBe(2)
    expect(other.execute(both, true)).toEqual(err('TRYAGAIN Multiple keys request during rehashing of slot'))
    cluster.migrateKey(migration, '{a}1')
    expect(node.execute(['GET', '{a}1'])).toEqual(err(`ASK ${slot} ${other.address}`))
    expect(other.execute(['GET', '{a}1'])).toEqual(err(`MOVED ${slot} ${node.address}`))
    expect(other.execute(['GET', '{a}1'], true)).toBe('v')
    expect(node.execute(both)).toEqual(err('TRYAGAIN Multiple keys request during rehashing of slot'))
    cluster.migrateKey(migration, '{a}2')
    expect(cluster.keysToMigrate(migration)).toEqual([])
    cluster.endMigration(migration)
    expect(other.execute(both)).toBe(2)
    expect(node.execute(both)).toEqual(err(`MOVED ${slot} ${other.address}`))
  })

  test('a key takes its expiry along', () => {
    const { cluster, node, other, away } = stage()
    node.execute(set('{a}1'))
    node.execute(['PEXPIRE', '{a}1', '5000'])
    const migration = cluster.startMigration(slot, away)
    cluster.migrateKey(migration, '{a}1')
    cluster.endMigration(migration)
    expect(other.execute(['PTTL', '{a}1'])).toBe(5_000)
  })
})

test('CLUSTERDOWN: the node sees the cluster down, or nobody serves the slot', () => {
  const { node } = stage()
  node.down = true
  expect(node.execute(['GET', '{a}1'])).toEqual(err('CLUSTERDOWN The cluster is down'))
  const view = { ownerOf: () => undefined }
  const alone = new VirtualNode({ address: 'x', engine: luaEngine(), sha1, now: () => 0, cluster: view })
  expect(alone.execute(['GET', '{a}1'])).toEqual(err('CLUSTERDOWN Hash slot not served'))
})

test('READONLY: a replica of a single server reads, and does not write', () => {
  const node = new VirtualNode({ address: 'x', engine: luaEngine(), sha1, now: () => 0 })
  node.execute(set('k'))
  node.role = 'replica'
  const readOnly = "READONLY You can't write against a read only replica."
  expect(node.execute(['GET', 'k'])).toBe('v')
  expect(node.execute(set('k'))).toEqual(err(readOnly))
  // With a shebang it is refused before it runs, without one when it writes.
  expect(node.execute(['EVAL', '#!lua\nreturn 1', '1', 'k'])).toEqual(err(readOnly))
  expect(node.execute(['EVAL', 'return 1', '1', 'k'])).toBe(1)
  expect(node.execute(['EVAL', "return redis.call('SET', KEYS[1], 'x')", '1', 'k'])).toMatchObject({
    err: expect.stringMatching(/^READONLY You can't write against a read only replica\. script: /),
  })
})

test('OOM: what may grow is refused while the memory is full, what shrinks is not', () => {
  const { node } = stage()
  node.execute(['ZADD', '{a}z', '1', 'm'])
  const empty = node.fill()
  const oom = "OOM command not allowed when used memory > 'maxmemory'."
  expect(node.execute(['ZADD', '{a}z', '1', 'n'])).toEqual(err(oom))
  expect(node.execute(['EVAL', '#!lua\nreturn 1', '1', '{a}z'])).toEqual(err(oom))
  expect(node.execute(['EVAL', '#!lua flags=allow-oom\nreturn 1', '1', '{a}z'])).toBe(1)
  expect(node.execute(['ZREM', '{a}z', 'm'])).toBe(1)
  expect(node.counts().get('error OOM')).toBe(2)
  empty()
  expect(node.execute(['ZADD', '{a}z', '1', 'n'])).toBe(1)
})

test('NOSCRIPT: a hash that the node has never seen, or has forgotten', () => {
  const { node } = stage()
  const missing = err('NOSCRIPT No matching script. Please use EVAL.')
  const sha = sha1('return 7')
  expect(node.execute(['EVALSHA', sha, '0'])).toEqual(missing)
  expect(node.execute(['EVAL', 'return 7', '0'])).toBe(7)
  expect(node.execute(['EVALSHA', sha.toUpperCase(), '0'])).toBe(7)
  node.execute(['SCRIPT', 'FLUSH'])
  expect(node.execute(['EVALSHA', sha, '0'])).toEqual(missing)
  expect(node.counts().get('error NOSCRIPT')).toBe(2)
})

test('BUSY: everything is refused but what ends the script', () => {
  const { node } = stage()
  node.busy = true
  const busy = err('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
  expect(node.execute(['GET', '{a}1'])).toEqual(busy)
  expect(node.execute(['EVAL', 'return 1', '0'])).toEqual(busy)
  expect(node.execute(['SCRIPT', 'KILL'])).toEqual({ ok: 'OK' })
  expect(node.execute(['SCRIPT', 'KILL'])).toEqual(err('NOTBUSY No scripts in execution right now.'))
  expect(node.execute(['EVAL', 'return 1', '0'])).toBe(1)
})

test('a new process remembers neither keys nor scripts nor settings', () => {
  const { node } = stage()
  node.execute(set('{a}1'))
  node.execute(['EVAL', 'return 7', '0'])
  node.fill()
  node.restart()
  expect(node.execute(['EXISTS', '{a}1'])).toBe(0)
  expect(node.execute(['EVALSHA', sha1('return 7'), '0'])).toMatchObject({ err: expect.stringMatching(/^NOSCRIPT/) })
  expect(node.execute(set('{a}1'))).toEqual({ ok: 'OK' })
})
