/** The live world as a whole, where the storms themselves do not look. */
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import * as checks from '../../checks/index.ts'
import type { Event } from '../../history.ts'
import { exitCodeOf } from '../../judge.ts'
import { poisson } from '../../load/index.ts'
import { asksOf, type DrawnPlan, makePlan } from '../../plan.ts'
import { run } from '../../run.ts'
import type { Scenario } from '../../scenario.ts'
import { provider, topology } from '../../topology.ts'
import { type LiveCluster, launchCluster } from './cluster/index.ts'
import { joinCluster } from './cluster/joined.ts'
import { openLive } from './index.ts'
import { findRedisServer, thisMachine } from './redis-server.ts'

let cluster: LiveCluster
const never = new AbortController().signal

beforeAll(async () => {
  cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
})
afterAll(() => cluster?.stop())

const pace = { firstByteMs: 10, tokens: 3, tokenMs: 5, spread: 0.2 }
const small: Scenario = {
  name: 'small',
  claim: 'a storm of a second, for tests of the world',
  worlds: ['live'],
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 20, priority: 1 }), provider({ id: 'beta', limit: 20, priority: 2 })],
  }),
  paces: { alpha: pace, beta: pace },
  phases: { baselineAt: 0, stormAt: 600, recoveryAt: 900, endAt: 1_000 },
  load: [poisson({ name: 'load', from: 0, to: 500, perSecond: 60 })],
  faults: [],
  checks: [checks.limitsHold, checks.everySlotReturned, checks.everyRequestAnswered],
  catches: [],
  spares: [],
}
const open = (plan: DrawnPlan, tell: (event: Event) => void) =>
  openLive({ cluster, plan, tracker: lease, signal: never, tell })
const storm = (scenario: Scenario) => ({ scenario, tracker: lease, plan: makePlan(scenario, 1) })

test('a run whose fault did not land is unknown: exit code 2', async () => {
  // Nobody asks any more when alpha begins to fail.
  const call = { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 5 }
  const { verdicts } = await run(storm({ ...small, faults: [{ at: 650, for: 200, call }] }), open)
  expect(verdicts.find(({ check }) => check === 'faults-landed')).toMatchObject({ result: 'unknown' })
  expect(verdicts.filter(({ result }) => result === 'fail')).toEqual([])
  expect(exitCodeOf(verdicts)).toBe(2)
})

test('the same without the fault passes: exit code 0', async () => {
  const { verdicts } = await run(storm(small), open)
  expect(verdicts.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(exitCodeOf(verdicts)).toBe(0)
})

test.each([
  ['nonsense', { kind: 'nonsense' } as const, 'malformed'],
  ['a broken connection', { kind: 'cut', afterChunks: 0 } as const, 'reset'],
])('a provider that answers %s is classified, and another one answers', async (_what, behaviour, failure) => {
  const plan = makePlan(small, 1)
  const history: Event[] = []
  const world = await open(plan, event => void history.push(event))
  try {
    await world.levers.provider!('alpha').behave(behaviour)
    world.begin()
    const asks = asksOf(plan)
    await world.ask(asks)
    await world.finish()
    const of = <K extends Event['kind']>(kind: K) =>
      history.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind)
    const failed = of('attempt-ended').filter(event => event.provider === 'alpha')
    expect(failed).toHaveLength(asks.length)
    for (const event of failed) expect(event).toMatchObject({ outcome: 'failed', failure })
    expect(of('client-ended').map(({ outcome }) => outcome)).toEqual(asks.map(() => 'complete'))
  } finally {
    await world.close()
  }
})

test('on somebody else’s cluster a run writes and removes its own keys alone, and offers no lever that breaks it', async () => {
  await cluster.flush()
  const { host, port } = cluster.nodes[0]!
  const redis = new Cluster([{ host, port }])
  try {
    await redis.set(lease.membersKey('alpha'), 'mine')
    const joined = await joinCluster({ at: [{ host, port }], allowDestructive: false, keyPrefix: 'sp-test-' })
    expect(joined.nodes).toHaveLength(cluster.nodes.length)
    let offered: string[] = []
    let during: string[] = []
    const { verdicts } = await run(storm(small), async (plan, tell) => {
      const world = await openLive({ cluster: joined, plan, tracker: lease, signal: never, tell })
      offered = Object.keys(world.levers)
      return { ...world, census: async () => void ([, during] = [await world.census(), await keysOf(redis)]) }
    })
    expect(verdicts.filter(({ result }) => result !== 'pass')).toEqual([])
    expect(offered.toSorted()).toEqual(['provider', 'proxy'])
    expect(during).toContain(lease.membersKey('sp-test-alpha'))
    expect(await keysOf(redis)).toEqual([lease.membersKey('alpha')])
    expect(await redis.get(lease.membersKey('alpha'))).toBe('mine')
  } finally {
    redis.disconnect()
    await cluster.flush()
  }
})

const keysOf = async (redis: Cluster) =>
  (await Promise.all(redis.nodes('master').map(node => node.keys('*')))).flat().toSorted()
