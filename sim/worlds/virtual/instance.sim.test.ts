/** Instances that are stopped, killed and told to end, with requests open in them. */
import { expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import type { Event } from '../../history.ts'
import type { Levers } from '../../levers.ts'
import type { AskStep, Plan } from '../../plan.ts'
import { provider, type Topology, topology } from '../../topology.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }

/** Streams of 100 + 10 × 20 ms. */
async function stage(instances = 2, older?: Topology['older']) {
  const events: Event[] = []
  const plan: Plan = {
    scenario: 'instances',
    seed: 1,
    topology: topology({ instances, ...(older && { older }), providers: [provider({ id: 'alpha', limit: 20 })] }),
    paces: { alpha: { firstByteMs: 100, tokens: 10, tokenMs: 20, spread: 0 } },
    steps: [],
  }
  const world = await openVirtual({ plan, tracker: lease, resources, tell: event => events.push(event) })
  world.begin()
  const { instances: all } = world.parts
  const ask = (at: number, via = 0): AskStep => {
    const request = `r${at}-${via}`
    return { do: 'ask', at, request, via, session: `s-${request}`, shape: 'anthropic', stream: true }
  }
  const of = <K extends Event['kind']>(kind: K) =>
    events.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind)
  return { world, levers: world.levers as Levers, all, ask, of, events }
}

test('killed: its calls are closed at the provider at once, its clients are cut off, its slots wait for their leases', async () => {
  const { world, levers, all, ask, of } = await stage()
  const asked = world.ask([ask(10), ask(20), ask(500)])
  await world.drive(
    (async () => {
      await world.until(200)
      const [one] = all
      expect(one!.open).toBe(2)
      const { undo, seen } = await levers.proxy(0).kill()
      expect(one!.open).toBe(0)
      await world.until(202)
      expect(of('provider-ended').map(({ outcome }) => outcome)).toEqual(['peer-closed', 'peer-closed'])
      expect(of('client-ended').map(({ outcome, at }) => [outcome, at])).toEqual([
        ['broken', 200],
        ['broken', 200],
      ])
      // The next one goes to the other instance.
      await asked
      expect(of('client-ended').at(-1)).toMatchObject({ outcome: 'complete' })
      expect(of('admitted').map(({ from }) => from)).toEqual(['proxy-1', 'proxy-1', 'proxy-2'])
      await world.until(world.now() + 5)
      await world.census()
      expect(of('store-census').at(-1)!.members.length).toBe(2)
      const tokens = of('admitted').map(({ token }) => token)
      await undo()
      expect(await seen()).toEqual({ landed: true, because: 'proxy-1 was killed with 2 requests open' })
      await world.until(5_000)
      await world.ask([ask(0)])
      // A new boot has a nonce of its own.
      const nonce = (token: string) => token.split('.')[1]
      const after = of('admitted').at(-1)!
      expect([after.from, nonce(after.token) === nonce(tokens[0]!)]).toEqual(['proxy-1', false])
      await world.until(world.now() + 5)
      await world.census()
      expect(of('store-census').at(-1)!.members).toEqual([])
    })(),
  )
})

test('stopped: requests wait, whoever leaves is noticed later, and then all goes on', async () => {
  const { world, levers, ask, of } = await stage(1)
  const asked = world.ask([ask(10), ask(150), { ...ask(160), leaves: { after: 'send', ms: 50 } }])
  await world.drive(
    (async () => {
      await world.until(120)
      const { undo, seen } = await levers.proxy(0).freeze()
      await world.until(400)
      expect(of('admitted').length).toBe(1)
      expect(of('client-ended').map(({ outcome }) => outcome)).toEqual(['aborted'])
      // The provider has gone on speaking into the buffers of its connection.
      expect(of('provider-ended').map(({ outcome }) => outcome)).toEqual(['served'])
      await undo()
      await asked
      expect(
        of('client-ended')
          .map(({ outcome }) => outcome)
          .toSorted(),
      ).toEqual(['aborted', 'complete', 'complete'])
      expect(await seen()).toMatchObject({
        landed: true,
        because: expect.stringMatching(/^proxy-1 did nothing for 280 ms/),
      })
      await world.until(1_000)
      await world.until(world.now() + 5)
      await world.census()
      expect(of('store-census').at(-1)!.members).toEqual([])
    })(),
  )
})

test('told to end: out of rotation, what runs may finish, the slots go back, and a new one starts', async () => {
  const { world, levers, all, ask, of } = await stage()
  const asked = world.ask([ask(10), ask(300)])
  await world.drive(
    (async () => {
      await world.until(200)
      const { undo, seen } = await levers.proxy(0).terminate()
      expect(await (await levers.proxy(0).terminate()).seen()).toEqual({
        landed: false,
        because: 'proxy-1 was ending already',
      })
      await asked
      expect(of('client-ended').map(({ outcome }) => outcome)).toEqual(['complete', 'complete'])
      expect(of('admitted').map(({ from }) => from)).toEqual(['proxy-1', 'proxy-2'])
      expect(all[0]!.process.alive).toBe(false)
      await world.until(world.now() + 5)
      await world.census()
      expect(of('store-census').at(-1)!.members).toEqual([])
      await undo()
      expect(all[0]!.process.alive && all[0]!.inRotation).toBe(true)
      expect(await seen()).toMatchObject({
        landed: true,
        because: expect.stringMatching(
          /^proxy-1 ended by itself 1\d\d ms after .* 1 requests open; 0 were cut, 0 releases/,
        ),
      })
    })(),
  )
})

test('told to end while it is stopped: killed when patience ends', async () => {
  const { world, levers, all } = await stage(1)
  await world.drive(
    (async () => {
      const frozen = await levers.proxy(0).freeze()
      const { undo, seen } = await levers.proxy(0).terminate()
      await undo()
      expect(world.now()).toBe(6_000)
      expect((await seen()).landed).toBe(false)
      expect(all[0]!.process).toMatchObject({ alive: true, frozen: false })
      await frozen.undo()
    })(),
  )
})

test('nobody is in rotation: the client is told at once', async () => {
  const { world, levers, ask, of } = await stage(1)
  await world.drive(
    (async () => {
      await levers.proxy(0).kill()
      await world.ask([ask(10)])
      expect(of('client-ended')).toMatchObject([{ outcome: 'broken', because: 'no instance is in rotation' }])
    })(),
  )
})

test('an instance begins in an older version, and is of this one when it starts again', async () => {
  const { world, levers, ask, of } = await stage(2, { tracker: 'ttl-only', instances: [1] })
  const asked = world.ask([ask(10, 1), ask(1_500, 1), ask(1_510, 0)])
  const scores = () => of('store-changed').map(({ member, score }) => [member, score !== null && score > 1e12])
  await world.drive(
    (async () => {
      await world.until(1_000)
      expect(of('store-changed')).toHaveLength(1)
      expect(scores()).toEqual([['s:s-r10-1', true]])
      const { undo } = await levers.proxy(1).terminate()
      await world.until(1_400)
      await undo()
      await asked
      await world.until(2_000)
      await world.finish()
    })(),
  )
  const later = of('store-changed').slice(1)
  expect(later.map(({ member, score }) => [member, score])).toEqual([
    ['s:s-r10-1', null],
    ['s:s-r1500-1', 1],
    ['s:s-r1510-0', 1],
    ['s:s-r1500-1', null],
    ['s:s-r1510-0', null],
  ])
  expect(of('admitted').map(({ from }) => from)).toEqual(['proxy-2', 'proxy-2', 'proxy-1'])
})
