import { describe, expect, test } from 'vitest'
import { acts, scripted } from '../sim/scripted/index.ts'
import { Breaker } from './breaker.ts'
import type { BreakerState } from './events.ts'

const settings = { failures: 3, windowMs: 100, openMs: 50, probes: 2 }
function watched(given: Partial<typeof settings> = {}) {
  const states: BreakerState[] = []
  const breaker = new Breaker({ ...settings, ...given }, state => states.push(state))
  const fail = (at: number) => breaker.failed(breaker.enter(at)!, at)
  return { breaker, states, fail }
}
function opened() {
  const watching = watched()
  for (const at of [0, 1, 2]) watching.fail(at)
  expect(watching.breaker.state).toBe('open')
  return watching
}

describe('a closed breaker', () => {
  test('opens at so many failures with no success between them', () => {
    const { breaker, states, fail } = watched()
    fail(0)
    fail(1)
    breaker.succeeded(breaker.enter(2)!)
    fail(3)
    fail(4)
    expect(states).toEqual([])
    fail(5)
    expect(states).toEqual(['open'])
  })
  test('does not open where the first of them is longer ago than the window', () => {
    const { breaker, fail } = watched()
    for (const at of [0, 90, 101]) fail(at)
    expect(breaker.state).toBe('closed')
    // 90, 101, 190: within the window again.
    fail(190)
    expect(breaker.state).toBe('open')
  })
  test('with no number of failures never opens', () => {
    const { breaker, fail } = watched({ failures: 0 })
    for (let at = 0; at < 100; at++) fail(at)
    expect(breaker.state).toBe('closed')
  })
  test('learns nothing from who leaves', () => {
    const { breaker, fail } = watched()
    fail(0)
    fail(1)
    breaker.left(breaker.enter(1)!)
    fail(2)
    expect(breaker.state).toBe('open')
  })
})

describe('an open breaker', () => {
  test('lets nobody through until its time is up, and then so many at a time', () => {
    const { breaker, states } = opened()
    expect(breaker.enter(51)).toBeUndefined()
    expect(breaker.waitMs(32)).toBe(20)
    expect([breaker.enter(52), breaker.enter(52), breaker.enter(52)].map(Boolean)).toEqual([true, true, false])
    expect(states).toEqual(['open', 'half-open'])
  })
  test('hears nothing of what was asked before it opened', () => {
    const { breaker, states } = watched()
    const early = breaker.enter(0)!
    for (const at of [0, 1, 2]) breaker.failed(breaker.enter(at)!, at)
    breaker.succeeded(early)
    expect(breaker.state).toBe('open')
    const probe = breaker.enter(60)!
    breaker.failed(early, 61)
    expect(breaker.state).toBe('half-open')
    breaker.succeeded(probe)
    expect(states).toEqual(['open', 'half-open', 'closed'])
  })
})

describe('a probe', () => {
  test('that succeeds closes it, and the other one is of no account any more', () => {
    const { breaker } = opened()
    const [one, two] = [breaker.enter(60)!, breaker.enter(60)!]
    breaker.succeeded(one)
    breaker.failed(two, 61)
    expect(breaker.state).toBe('closed')
  })
  test('that fails opens it for its whole time', () => {
    const { breaker } = opened()
    breaker.failed(breaker.enter(60)!, 70)
    expect(breaker.state).toBe('open')
    expect(breaker.enter(119)).toBeUndefined()
    expect(breaker.enter(120)).toBeDefined()
  })
  test('that comes to nothing gives its place back', () => {
    const { breaker } = opened()
    const [one] = [breaker.enter(60)!, breaker.enter(60)!]
    expect(breaker.enter(60)).toBeUndefined()
    breaker.left(one)
    expect(breaker.enter(60)).toBeDefined()
    expect(breaker.state).toBe('half-open')
  })
})

describe('in the line', () => {
  const breaker = { failures: 2, windowMs: 1_000, openMs: 500, probes: 1 }

  test('an open breaker is passed over, its states are told, and a probe brings the provider back', async () => {
    const world = scripted({
      providers: { a: { does: [acts.error(500), acts.error(500), acts.ok()], breaker }, b: { does: [acts.ok()] } },
    })
    for (const at of [0, 100, 200, 700]) {
      await world.run(at)
      world.ask()
    }
    await world.run()
    expect(world.notes.filter(({ did }) => did === 'send').map(({ provider }) => provider)).toEqual([
      ...['a', 'b'],
      ...['a', 'b'],
      'b',
      'a',
    ])
    expect(world.of('breaker')).toEqual(
      ['open', 'half-open', 'closed'].map(state => ({ kind: 'breaker', provider: 'a', state })),
    )
  })

  test('all open: an honest 503, at once, with the time of the first that may be asked again', async () => {
    const world = scripted({
      providers: {
        a: { does: [acts.error(500)], breaker: { ...breaker, failures: 1, openMs: 20_000 } },
        b: { does: [acts.error(500)], breaker: { ...breaker, failures: 1, openMs: 5_000 } },
      },
    })
    world.ask()
    await world.run(1_000)
    const heard = world.ask()
    await world.run()
    expect(heard).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, overAt: 1_000 })
    expect(world.of('request-ended')[1]).toMatchObject({ outcome: 'refused', attempts: 0 })
  })

  test('probes are bounded when many ask at once, and one that finds no slot gives its place back', async () => {
    let fulls = 0
    const world = scripted({
      providers: { a: { does: [acts.error(500), acts.ok()], breaker: { ...breaker, failures: 1 }, limit: 0 } },
      admits: () => {
        if (world.proxy.state().providers[0]!.breaker !== 'half-open' || fulls > 0) return undefined
        fulls++
        return { answer: { kind: 'full', count: 1, retryAfterMs: 1 } }
      },
    })
    world.ask()
    await world.run(1_000)
    const refused = world.ask()
    await world.run(1_010)
    expect(refused.status).toBe(429)
    const many = [world.ask(), world.ask(), world.ask()]
    await world.run()
    expect(many.map(({ status }) => status)).toEqual([200, 503, 503])
    expect(world.proxy.state().providers[0]).toMatchObject({ breaker: 'closed' })
  })

  test('a client that leaves and a client’s own error neither open nor close it', async () => {
    const world = scripted({
      providers: {
        a: { does: [acts.error(500), acts.error(400), acts.silent(), acts.ok()], breaker: { ...breaker, failures: 1 } },
      },
    })
    world.ask()
    await world.run(1_000)
    expect(world.ask().status).toBe(0)
    await world.run(1_050)
    expect(world.proxy.state().providers[0]!.breaker).toBe('half-open')
    const leaves = world.ask()
    await world.run(1_100)
    leaves.leave()
    await world.run(1_150)
    expect(world.proxy.state().providers[0]!.breaker).toBe('half-open')
    const last = world.ask()
    await world.run()
    expect(last.status).toBe(200)
    expect(world.proxy.state().providers[0]!.breaker).toBe('closed')
  })

  test('a total outage costs few attempts: breakers bound what a retry may multiply', async () => {
    const world = scripted({
      providers: {
        a: { does: [acts.error(500)], attempts: 3, breaker, limit: 0 },
        b: { does: [acts.error(500)], attempts: 3, breaker, limit: 0 },
      },
    })
    for (let n = 0; n < 100; n++) {
      world.ask()
      await world.run(world.clock.now() + 4)
    }
    await world.run(world.clock.now() + 5_000)
    expect(world.of('request-ended')).toHaveLength(100)
    expect(world.notes.filter(({ did }) => did === 'send').length).toBeLessThan(30)
  })
})
