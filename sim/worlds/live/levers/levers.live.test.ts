/** Every lever on real processes, under load: it can be pulled, whoever was hit tells of it, and its undo mends what it broke. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lease } from '../../../../proxy/tracker/index.ts'
import { anchor } from '../../../../proxy/tracker/keys.ts'
import type { Event } from '../../../history.ts'
import type { Levers, Pulled } from '../../../levers.ts'
import { poisson } from '../../../load/index.ts'
import type { AskStep } from '../../../plan.ts'
import { provider, topology } from '../../../topology.ts'
import type { World } from '../../../world.ts'
import { type LiveCluster, launchCluster } from '../cluster/index.ts'
import { openLive } from '../index.ts'
import { findRedisServer, thisMachine } from '../redis-server.ts'

const pace = { firstByteMs: 30, tokens: 10, tokenMs: 10, spread: 0.2 }
const history: Event[] = []
const interrupt = new AbortController()
let cluster: LiveCluster
let world: World
let levers: Levers
let asked: Promise<void>

beforeAll(async () => {
  cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
  const plan = {
    seed: 1,
    topology: topology({ instances: 2, providers: [provider({ id: 'alpha', limit: 50, priority: 1 })] }),
    paces: { alpha: pace },
    // Never taken: it says that links are needed.
    steps: [{ at: 0, do: 'inject', id: 'f', call: { fault: 'link-cut' } }],
  }
  world = await openLive({
    cluster,
    plan: plan as never,
    tracker: lease,
    signal: interrupt.signal,
    tell: event => void history.push(event),
  })
  levers = world.levers as Levers
  world.begin()
  const asks = [...poisson({ name: 'load', from: 0, to: 60_000, perSecond: 30 }).asks(1)]
  asked = world.ask(asks.map((ask, n): AskStep => ({ do: 'ask', request: `r${n}`, via: n, ...ask })))
  asked.catch(() => {})
})
afterAll(async () => {
  await world?.close()
  await asked
  await cluster?.stop()
})

/** Pulls, waits, undoes, and answers what was seen. */
async function hold(ms: number, pull: Promise<Pulled>) {
  const { undo, seen } = await pull
  await sleep(ms)
  await undo()
  return seen()
}

test('a node is frozen: it did not answer, and then it does', async () => {
  const seen = await hold(300, levers.node('alpha').freeze())
  expect(seen).toMatchObject({ landed: true, because: expect.stringMatching(/did not answer for \d+ ms/) })
  const redis = new Redis({ port: await cluster.ownerOf(lease.membersKey('alpha')) })
  expect(await redis.ping()).toBe('PONG')
  redis.disconnect()
})

test('two freezes of a node overlap: it runs again after the second undo', async () => {
  const [one, other] = [await levers.node('alpha').freeze(), await levers.store().freeze()]
  const undone = one.undo()
  await sleep(100)
  await other.undo()
  await undone
  expect(await other.seen()).toMatchObject({ landed: true, because: expect.stringContaining('6 of 6 nodes') })
})

test('a node is full: it refuses, and then it does not', async () => {
  const [one, other] = [await levers.node('alpha').fill(), await levers.node('alpha').fill()]
  await sleep(300)
  await one.undo()
  const redis = new Redis({ port: await cluster.ownerOf(lease.membersKey('alpha')) })
  expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '1'])
  await other.undo()
  expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '0'])
  redis.disconnect()
  expect(await other.seen()).toMatchObject({ landed: true, because: expect.stringContaining('with OOM') })
})

test('scripts, connections and keys are lost, members are planted: each is counted', async () => {
  expect(await hold(300, levers.node('alpha').flushScripts())).toMatchObject({ landed: true })
  expect(await hold(200, levers.node('alpha').dropConnections())).toMatchObject({ landed: true })
  // The proxies' audits take out what was planted, sooner or later: a second try has members of its own.
  const members = [`x${performance.now()}`, `y${performance.now()}`]
  expect(await hold(0, levers.node('alpha').plant(members, 1e15))).toEqual({
    landed: true,
    because: '2 members are new at alpha',
  })
  // And only this one they leave where it is.
  expect(await hold(0, levers.node('alpha').plant([anchor], 1e15))).toMatchObject({ landed: false })
  expect(await hold(0, levers.node('alpha').flush())).toMatchObject({ landed: true })
})

test('links are slow, cut and silent: each counts what it hit', async () => {
  expect(await hold(200, levers.link({}).delay(20))).toMatchObject({ landed: true })
  expect(await hold(200, levers.link({ instance: 0, provider: 'alpha' }).cut())).toMatchObject({ landed: true })
  expect(await hold(200, levers.link({ provider: 'alpha' }).silence())).toMatchObject({
    landed: true,
    because: expect.stringMatching(/^\d+ messages were held back/),
  })
})

test('an instance is killed: the next one gets its requests until it is back', async () => {
  const seen = await hold(300, levers.proxy(1).kill())
  expect(seen).toMatchObject({ landed: true, because: expect.stringMatching(/^proxy-2 was killed with \d+ requests/) })
  expect(await hold(0, levers.proxy(1).skew(5_000))).toMatchObject({ landed: true })
})

test('an instance is frozen: what is open waits', async () => {
  expect(await hold(300, levers.proxy(0).freeze())).toMatchObject({ landed: true })
})

test('an instance that is told to end drains, and cannot be told twice', async () => {
  const ending = levers.proxy(0).terminate()
  expect(
    await hold(
      0,
      ending.then(() => levers.proxy(0).terminate()),
    ),
  ).toMatchObject({
    because: 'proxy-1 was ending already',
  })
  const seen = await hold(0, ending)
  expect(seen).toMatchObject({ landed: true, because: expect.stringContaining('; 0 were cut, 0 releases not') })
})

test('a clock is wrong by what the lever says, in the next process too', async () => {
  const skewed = await levers.proxy(0).skew(3_600_000)
  expect(await skewed.seen()).toMatchObject({ landed: true, because: expect.stringContaining('3600000 ms') })
  await skewed.undo()
})

test('an operator who ends a session that is not there has marked nothing', async () => {
  expect(await hold(100, levers.proxy(0).terminateSession('nobody'))).toEqual({
    landed: false,
    because: '0 attempts of session nobody were marked',
  })
})

test('a planned failover: another node owns the slot', async () => {
  const before = await cluster.ownerOf(lease.membersKey('alpha'))
  expect(await hold(0, levers.node('alpha').failOver())).toMatchObject({ landed: true })
  expect(await cluster.ownerOf(lease.membersKey('alpha'))).not.toBe(before)
})

test('a slot moves key by key; it cannot be moved twice at a time', async () => {
  const moving = await levers.slot('alpha').migrate(50)
  expect(await (await levers.slot('alpha').migrate(50)).seen()).toMatchObject({ landed: false })
  await moving.undo()
  expect(await moving.seen()).toMatchObject({ landed: true })
})

test('a killed node comes back empty, behind the one that took over', async () => {
  const killed = await levers.node('alpha').kill()
  expect(await (await levers.node('alpha').kill()).seen()).toMatchObject({
    because: expect.stringContaining('dead already'),
  })
  await killed.undo()
  expect(await killed.seen()).toMatchObject({
    landed: true,
    because: expect.stringContaining('owns the slot of alpha'),
  })
})
