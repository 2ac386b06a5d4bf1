/** A client as ioredis is: what it sends again, what it gives up without taking back, and whom it follows how often. */
import { describe, expect, test } from 'vitest'
import type { Script } from '../../proxy/tracker/tracker.ts'
import { VirtualClock } from '../clock.ts'
import { luaEngine, sha1 } from '../worlds/virtual/resources.ts'
import { VirtualClient } from './client.ts'
import { VirtualCluster } from './cluster.ts'
import { Link } from './link.ts'
import { keySlot } from './node.ts'

const key = '{a}'
const script: Script = { name: 'increase', files: [], keys: 1 }
/** Shows how often it was executed. */
const text = "return redis.call('INCRBY', KEYS[1], 1)"
const wayMs = 1

function stage() {
  const clock = new VirtualClock()
  const cluster = new VirtualCluster({ clock, engine: luaEngine(), sha1 })
  const links = new Map<string, Link>()
  const linkTo = (address: string) => {
    let link = links.get(address)
    if (!link) {
      link = new Link({ seed: 1, now: () => clock.now(), minMs: wayMs, maxMs: wayMs })
      links.set(address, link)
    }
    return link
  }
  const client = new VirtualClient({ clock, cluster, linkTo, textOf: () => ({ text, sha: sha1(text) }) })
  const shard = cluster.shardOf(key)
  const { node } = shard.primary
  return {
    clock,
    cluster,
    client,
    shard,
    server: shard.primary,
    node,
    link: linkTo(node.address),
    run: () => client.run(script, [key], []),
    executed: () => Number(cluster.holderOf(key).keyspace.text(key) ?? 0),
    pass: (ms: number) => clock.run(clock.now() + ms),
    counted: (name: string) => node.counts().get(name) ?? 0,
  }
}

test('a round trip, and the hash instead of the text from the second on', async () => {
  const { clock, run, counted } = stage()
  expect(await clock.drive(run())).toBe(1)
  expect(clock.now()).toBeCloseTo(2 * wayMs + 0.02, 5)
  expect(await clock.drive(run())).toBe(2)
  expect([counted('EVAL'), counted('EVALSHA')]).toEqual([1, 1])
})

test('a node that forgot the script gets it whole', async () => {
  const { clock, run, node, counted } = stage()
  await clock.drive(run())
  node.execute(['SCRIPT', 'FLUSH'])
  expect(await clock.drive(run())).toBe(2)
  expect(counted('error NOSCRIPT')).toBe(1)
})

test('an error of the script is the caller’s', async () => {
  const { clock, run, node } = stage()
  node.execute(['SET', key, 'no number'])
  await expect(clock.drive(run())).rejects.toMatchObject({
    name: 'ReplyError',
    message: expect.stringMatching(/^ERR value is not an integer/),
  })
})

describe('a broken connection: what is unanswered is sent again', () => {
  test('a command that was on its way is executed once', async () => {
    const { clock, run, server, executed, pass } = stage()
    const running = run()
    await pass(wayMs / 2)
    expect(server.dropConnections()).toBe(1)
    expect(await clock.drive(running)).toBe(1)
    expect(executed()).toBe(1)
    expect(clock.now()).toBeGreaterThan(100)
  })

  test('one whose reply was on its way is executed twice', async () => {
    const { clock, run, server, executed, pass } = stage()
    const running = run()
    await pass(wayMs * 1.5)
    expect(executed()).toBe(1)
    server.dropConnections()
    expect(await clock.drive(running)).toBe(2)
  })

  test('a node that is killed: sent to its heir, when there is one', async () => {
    const { clock, run, shard, executed } = stage()
    await clock.drive(run())
    await clock.run(clock.now() + 10)
    shard.kill(shard.primary)
    await expect(clock.drive(run())).rejects.toThrow('Command timed out')
    await clock.run(4_000)
    expect(await clock.drive(run())).toBe(2)
    expect(executed()).toBe(2)
  })

  test('a way that is cut: refused, until it is mended', async () => {
    const { clock, run, link, executed, pass } = stage()
    await clock.drive(run())
    const mend = link.cut()
    const running = run()
    await pass(350)
    expect(executed()).toBe(1)
    expect(link.hit.cut).toBeGreaterThanOrEqual(4)
    mend()
    expect(await clock.drive(running)).toBe(2)
  })
})

describe('time-outs', () => {
  test('the caller gives up after a second, and takes nothing back', async () => {
    const { clock, run, shard, server, executed } = stage()
    const thaw = shard.freeze(server)
    await expect(clock.drive(run())).rejects.toThrow('Command timed out')
    expect(clock.now()).toBe(1_000)
    expect(executed()).toBe(0)
    thaw()
    // Once for the first connection, once for the one after the socket's own time-out.
    expect(executed()).toBe(2)
    expect(server.unanswered).toBe(2)
  })

  test('silence for half a second breaks the connection; a reply in between keeps it', async () => {
    const { clock, run, link, executed, pass } = stage()
    await clock.drive(run())
    const end = link.silence()
    const running = run()
    await pass(499)
    expect(link.hit.held).toBe(1)
    await pass(150)
    // The way out of the old connection, and what is sent again on a new one.
    expect(link.hit.held).toBe(3)
    end()
    // TCP has kept what was sent before: it is executed, too.
    expect(await clock.drive(running)).toBe(3)
    expect(executed()).toBe(3)
  })

  test('a silence that is shorter costs time and nothing else', async () => {
    const { clock, run, link } = stage()
    const end = link.silence()
    const running = run()
    await clock.run(300)
    end()
    expect(await clock.drive(running)).toBe(1)
    expect(clock.now()).toBeCloseTo(300 + 2 * wayMs + 0.02, 3)
  })
})

describe('redirections', () => {
  /** The slot is elsewhere now, and the client does not know it yet. */
  const moved = ({ cluster, shard }: ReturnType<typeof stage>) => {
    const migration = cluster.startMigration(keySlot(key), cluster.shards.find(one => one !== shard)!)
    for (const one of cluster.keysToMigrate(migration)) cluster.migrateKey(migration, one)
    return () => cluster.endMigration(migration)
  }

  test('MOVED is followed, and remembered', async () => {
    const world = stage()
    const { clock, run, counted } = world
    await clock.drive(run())
    moved(world)()
    expect(await clock.drive(run())).toBe(2)
    expect(await clock.drive(run())).toBe(3)
    expect(counted('error MOVED')).toBe(1)
  })

  test('ASK is followed each time', async () => {
    const world = stage()
    const { clock, run, counted } = world
    await clock.drive(run())
    moved(world)
    expect(await clock.drive(run())).toBe(2)
    expect(await clock.drive(run())).toBe(3)
    expect(counted('error ASK')).toBe(2)
  })

  test('CLUSTERDOWN is asked again for a while, at most sixteen times', async () => {
    const { clock, run, node, counted, pass } = stage()
    node.down = true
    const running = run()
    await pass(450)
    expect(counted('error CLUSTERDOWN')).toBe(5)
    node.down = false
    expect(await clock.drive(running)).toBe(1)
  })

  test('the budget ends before the patience, where each costs nothing', async () => {
    const { clock, client, cluster, shard } = stage()
    // Two nodes that send each other's callers back for ever.
    const [one, other] = [shard, cluster.shards.find(one => one !== shard)!]
    const sending = (from: typeof one, to: typeof one) => {
      from.primary.node.execute = () => ({ err: `MOVED ${keySlot(key)} ${to.primary.node.address}` })
    }
    sending(one, other)
    sending(other, one)
    await expect(clock.drive(client.run(script, [key], []))).rejects.toThrow(
      /^Too many Cluster redirections\. Last error: ReplyError: MOVED/,
    )
    expect(clock.now()).toBeLessThan(101 * 3 * wayMs)
  })
})

test('a client whose process is gone: nobody is told, what was sent is executed', async () => {
  const { clock, run, client, server, executed, pass } = stage()
  const settled: string[] = []
  run().then(
    () => settled.push('done'),
    () => settled.push('failed'),
  )
  await pass(0.1)
  client.close()
  await pass(2 * wayMs)
  expect(executed()).toBe(1)
  expect(settled).toEqual([])
  expect(server.dropConnections()).toBe(0)
  expect(clock.now()).toBeLessThan(100)
})
