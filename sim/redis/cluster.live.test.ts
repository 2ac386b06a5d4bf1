/** The virtual cluster against a real one: where keys are, and what nodes say when they are elsewhere, on their way or nowhere. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VirtualClock } from '../clock.ts'
import { type LiveCluster, launchCluster } from '../worlds/live/cluster/index.ts'
import { openWire, type Wire } from '../worlds/live/lone/wire.ts'
import { findRedisServer, thisMachine } from '../worlds/live/redis-server.ts'
import { luaEngine, sha1 } from '../worlds/virtual/resources.ts'
import { VirtualCluster } from './cluster.ts'
import type { Arguments } from './differential/case.ts'
import { text } from './differential/text.ts'
import { keySlot, type Migration, VirtualNode } from './node.ts'
import type { Reply } from './reply.ts'

const seed = Number(process.env.STORMPROOF_SEED ?? Math.floor(Math.random() * 2 ** 31))
const again = `STORMPROOF_SEED=${seed} npm test -- sim/redis/cluster.live`

let real: LiveCluster
/** In the order of `virtual`: three primaries, then their replicas. */
let wires: Wire[] = []
let ids: string[] = []
let addresses: string[] = []

const clock = new VirtualClock()
const virtual = new VirtualCluster({ clock, engine: luaEngine(), sha1 })
const nodes = [
  ...virtual.shards.map(({ primary }) => primary.node),
  ...virtual.shards.map(({ replica }) => replica.node),
]

beforeAll(async () => {
  console.log(`replay: ${again}`)
  real = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
  wires = await Promise.all(real.nodes.map(({ host, port }) => openWire({ host, port })))
  ids = await Promise.all(wires.map(async wire => (await wire.pipeline([['CLUSTER', 'MYID']]))[0] as string))
  addresses = real.nodes.map(({ host, port }) => `${host}:${port}`)
})
afterAll(async () => {
  for (const wire of wires) wire.close()
  await real?.stop()
})

/** By their tags in shards 2, 0, 1, and in another slot of shard 2. */
const keys = ['{a}1', '{a}2', '{b}1', '{b}2', '{c}1', '{d}1'] as const
const moving = keySlot('{a}1')

const anyKey = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('{a}1', '{a}2') },
  { weight: 1, arbitrary: fc.constantFrom('{d}1') },
  { weight: 1, arbitrary: fc.constantFrom<string[]>(...keys) },
)
const declared = fc.oneof(
  fc.constantFrom(['{a}1'], ['{a}1', '{a}2'], ['{a}2', '{a}2'], ['{d}1']),
  fc.array(anyKey, { maxLength: 3 }),
)
const command = fc.oneof(
  fc.tuple(fc.constantFrom('SET', 'INCRBY'), anyKey, fc.constantFrom('1', 'v')).map(args => [...args]),
  fc.tuple(fc.constantFrom('GET', 'ZCARD', 'TYPE'), anyKey).map(args => [...args]),
  fc
    .tuple(fc.constantFrom('EXISTS', 'DEL', 'UNLINK'), fc.array(anyKey, { minLength: 1, maxLength: 3 }))
    .map(([name, all]) => [name, ...all]),
  fc.constantFrom(
    ['PING'],
    ['GET'],
    ['EXISTS'],
    ['NOTHING', 'x'],
    ['SCRIPT', 'EXISTS', 'f'],
    ['EVALSHA', 'f', '1', '{a}1'],
  ),
)
const head = fc.constantFrom(
  ...['', '', '#!lua\n', '#!lua\n', '#!lua flags=no-writes\n', '#!lua flags=no-cluster\n'],
  '#!lua flags=allow-cross-slot-keys\n',
  '#!js\n',
)
const body = fc.constantFrom(
  'return #KEYS',
  "return {KEYS[1] or 0, redis.call('EXISTS', KEYS[1] or ARGV[1])}",
  "return redis.call('EXISTS', KEYS[1], KEYS[2])",
  "return redis.call('GET', ARGV[1])",
  "return {redis.call('TYPE', '{d}1'), redis.call('TYPE', '{a}1')}",
  "return redis.call('EXISTS', ARGV[1], ARGV[2])",
  "return redis.pcall('EXISTS', ARGV[1], ARGV[2])",
  "redis.call('SET', KEYS[1], 'v') redis.call('DEL', KEYS[1]) return redis.call('GET', KEYS[1])",
  "redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[1], ARGV[1])",
  "return {redis.pcall('GET', ARGV[1]), redis.pcall('SET', ARGV[2], 'x'), redis.pcall('PING')}",
  "local n = 0 for _, key in ipairs(KEYS) do n = n + redis.call('EXISTS', key) end return n",
)
const script = fc
  .tuple(head, body, declared, fc.constantFrom(0, 0, 0, 0, 1, 9), anyKey, anyKey)
  .map(([first, rest, its, wrong, ...args]) => ['EVAL', `${first}${rest}`, String(its.length + wrong), ...its, ...args])
const asked = fc.record({
  // The ends of the migration twice as often as all others together.
  at: fc.oneof(fc.constantFrom(2, 0), fc.constantFrom(2, 0), fc.nat(5)),
  asking: fc.boolean(),
  args: fc.oneof(command, script) as fc.Arbitrary<Arguments>,
})

interface Moment {
  name: string
  count: number
}
let played = 0
/** How often each kind of error was seen, alike on both sides. */
const kinds = new Map<string, number>()

/** Random commands at random nodes, the same for both, one after the other. */
async function compare({ name, count }: Moment) {
  const questions = fc.sample(asked, { seed: seed + played, numRuns: count })
  played += count
  for (const { at, asking, args } of questions) {
    const replies = await wires[at]!.pipeline([...(asking ? [['ASKING']] : []), args])
    const answer = nodes[at]!.execute(args, asking)
    const kind = /^\{"err":"\$(ERR (?:Script attempted|Can not).*?(?= script:|")|[A-Z]+)/.exec(text(answer))?.[1]
    if (kind) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    expect(
      said(answer),
      `${name}: node ${at}${asking ? ', asking' : ''}: ${JSON.stringify(args)}\nreplay: ${again}`,
    ).toBe(text(replies.at(-1)!))
  }
}

/** With the addresses that the real nodes have. */
function said(reply: Reply): string {
  return nodes.reduce((line, { address }, n) => line.replaceAll(address, addresses[n]!), text(reply))
}

const run = async (at: number, ...args: string[]) => {
  const [reply] = await wires[at]!.pipeline([args])
  expect(text(reply!)).not.toContain('"err"')
  return reply!
}

// The clusters stay as a test leaves them: a second try would start from somewhere else.
const once = { retry: 0 }

test('keys where they belong, and elsewhere', once, async () => {
  await compare({ name: 'calm', count: 4_000 })
})

/** As `redis-cli` does it: the slot's two ends first, its keys one by one, then everybody is told. */
test('a slot on its way: MOVED, ASK, TRYAGAIN, with all keys, some, none', once, async () => {
  for (const [from, to] of [
    [2, 0],
    [0, 2],
  ] as const) {
    for (const key of keys.slice(0, 2)) both(await run(from, 'SET', key, 'v'), nodes[from]!.execute(['SET', key, 'v']))
    await run(to, 'CLUSTER', 'SETSLOT', String(moving), 'IMPORTING', ids[from]!)
    await run(from, 'CLUSTER', 'SETSLOT', String(moving), 'MIGRATING', ids[to]!)
    const migration = virtual.startMigration(moving, virtual.shards[to]!)
    await compare({ name: `all keys at ${from}, to ${to}`, count: 1_200 })
    for (const key of keys.slice(0, 2)) {
      await migrate(migration, from, to, key)
      await compare({ name: `${key} was moved from ${from} to ${to}`, count: 1_200 })
    }
    for (const key of virtual.keysToMigrate(migration)) await migrate(migration, from, to, key)
    for (const at of [to, from, 1]) await run(at, 'CLUSTER', 'SETSLOT', String(moving), 'NODE', ids[to]!)
    virtual.endMigration(migration)
    await until('everybody knows', async () => (await ownersSeen()).every(owner => owner === addresses[to]))
    await compare({ name: `${to} has the slot`, count: 600 })
  }
})

async function migrate(migration: Migration, from: number, to: number, key: string) {
  const { host, port } = real.nodes[to]!
  await run(from, 'MIGRATE', host, String(port), key, '0', '1000')
  virtual.migrateKey(migration, key)
}

const both = (one: Reply, other: Reply) => expect(said(other)).toBe(text(one))

/** Where each node believes the moving slot to be. */
const ownersSeen = () =>
  Promise.all(
    wires.map(async wire => {
      const [ranges] = (await wire.pipeline([['CLUSTER', 'SLOTS']])) as unknown as [
        number,
        number,
        [string, number],
      ][][]
      const [, , [host, port]] = ranges!.find(([first, last]) => first <= moving && moving <= last)!
      return `${host}:${port}`
    }),
  )

async function until(what: string, holds: () => Promise<boolean>) {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 1_000) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('the same keys are at the same nodes', once, async () => {
  for (const [n, wire] of wires.slice(0, 3).entries()) {
    const [there] = await wire.pipeline([['KEYS', '*']])
    expect((there as string[]).toSorted()).toEqual(nodes[n]!.keyspace.keys().toSorted())
  }
})

test('a cluster that is down, for nobody serves one of its slots', once, async () => {
  const lost = 'nobody'
  await Promise.all(wires.map((_, at) => run(at, 'CLUSTER', 'DELSLOTS', String(keySlot(lost)))))
  await until('all see it down', async () => {
    const infos = await Promise.all(wires.map((_, at) => run(at, 'CLUSTER', 'INFO')))
    return infos.every(info => String(info).includes('cluster_state:fail'))
  })
  for (const node of nodes) node.down = true
  await compare({ name: 'down', count: 1_200 })
  const view = { ownerOf: () => undefined }
  const unserved = new VirtualNode({ address: '', engine: luaEngine(), sha1, now: () => 0, cluster: view })
  for (const args of [['GET', lost], ['EXISTS', lost, '{a}1'], ['EVAL', 'return 1', '1', lost], ['PING']])
    both(await wires[0]!.pipeline([args]).then(([reply]) => reply!), unserved.execute(args))
})

test('every kind of refusal was among them', () => {
  console.log(`${played} commands; refused: ${JSON.stringify(Object.fromEntries(kinds))}`)
  for (const kind of [
    ...['MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'CLUSTERDOWN', 'NOSCRIPT', 'WRONGTYPE'],
    'ERR Script attempted to access a non local key in a cluster node',
    'ERR Script attempted to access keys that do not hash to the same slot',
    "ERR Can not run script on cluster, 'no-cluster' flag is set.",
  ])
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(2)
})
