import { describe, expect, test } from 'vitest'
import { acts, type ScriptedOptions, scripted } from '../sim/scripted/index.ts'
import type { Admission } from './tracker/tracker.ts'

const hedge = { afterMs: 50, loser: 'abort' } as const
const drain = { afterMs: 50, loser: 'drain' } as const
const full: Admission = { kind: 'full', count: 2, retryAfterMs: 300 }

async function play(options: ScriptedOptions) {
  const world = scripted(options)
  const heard = world.ask()
  await world.run()
  const acquired = world.of('admitted').map(({ token }) => token)
  const released = world.notes.filter(({ did }) => did === 'release').map(({ token }) => token)
  expect(released.toSorted()).toEqual(acquired.toSorted())
  expect(world.proxy.state()).toMatchObject({ requestsInFlight: 0 })
  for (const provider of world.proxy.state().providers) expect(provider).toMatchObject({ inFlight: 0, held: 0 })
  const at = (did: string, provider: string) =>
    world.notes.find(note => note.did === did && note.provider === provider)?.at
  return { ...world, heard, at }
}

describe('a slow first byte', () => {
  test('that comes in time starts no hedge', async () => {
    const { did, of } = await play({ providers: { a: { does: [acts.ok(30)], hedge }, b: { does: [acts.ok()] } } })
    expect(did()).toEqual(['acquire a', 'send a', 'release a'])
    expect([...of('hedge-launched'), ...of('hedge-skipped')]).toEqual([])
  })

  test('starts a second attempt elsewhere; who speaks first wins, and the other is closed and released', async () => {
    const { did, of, heard, at } = await play({
      closesMs: 3,
      providers: { a: { does: [acts.ok(90)], hedge }, b: { does: [acts.ok(5)] } },
    })
    expect(did()).toEqual(['acquire a', 'send a', 'acquire b', 'send b', 'release a', 'release b'])
    expect(of('hedge-launched')).toMatchObject([{ request: 'r1', provider: 'b', after: 'a' }])
    expect(heard).toMatchObject({ text: 'data: {"n":0}\n\ndata: {"n":1}\n\ndata: [DONE]\n\n', end: 'end' })
    expect(of('attempt-ended')).toMatchObject([
      { provider: 'a', outcome: 'hedge-loss' },
      { provider: 'b', outcome: 'ok' },
    ])
    expect(at('closed', 'a')).toBe(heard.firstByteAt! + 3)
    expect(at('release', 'a')).toBe(at('closed', 'a'))
    expect(of('request-ended')).toMatchObject([{ outcome: 'ok', attempts: 2 }])
  })

  test('that comes after all wins over a hedge that is slower still', async () => {
    const { of, heard } = await play({ providers: { a: { does: [acts.ok(60)], hedge }, b: { does: [acts.ok(90)] } } })
    expect(of('attempt-ended')).toMatchObject([
      { provider: 'b', outcome: 'hedge-loss' },
      { provider: 'a', outcome: 'ok' },
    ])
    expect(heard.end).toBe('end')
  })

  test('is measured up to the first word, not to the status line', async () => {
    const slow = acts.says([': wait\n\n', ': wait\n\n', ': wait\n\n', ': wait\n\n', ': wait\n\n'], 'silent')
    const { heard, of } = await play({ providers: { a: { does: [slow], hedge }, b: { does: [acts.ok()] } } })
    expect(heard.end).toBe('end')
    expect(of('attempt-ended')).toMatchObject([{ provider: 'a', outcome: 'hedge-loss' }, { provider: 'b' }])
  })
})

describe('a loser', () => {
  test('that is drained keeps its slot until its own end, and nothing of it reaches the client', async () => {
    const { heard, of, at, notes } = await play({
      providers: { a: { does: [acts.ok(90)], hedge: drain }, b: { does: [acts.ok(5)] } },
    })
    // Its answer: status line at 91, three chunks, closed at 121.
    expect(at('closed', 'a')).toBe(121)
    expect(at('release', 'a')).toBe(121)
    expect(heard.endedAt).toBeLessThan(121)
    expect(heard.overAt).toBe(121)
    expect(heard.text).toBe('data: {"n":0}\n\ndata: {"n":1}\n\ndata: [DONE]\n\n')
    expect(notes.findLast(({ did }) => did === 'release')).toMatchObject({ provider: 'a', ending: 'success' })
    expect(of('attempt-ended')).toMatchObject([
      { provider: 'b', outcome: 'ok' },
      { provider: 'a', outcome: 'hedge-loss' },
    ])
    expect(of('attempt-ended')[1]).not.toHaveProperty('failure')
  })

  test('that is drained and fails speaks against its provider, and that alone', async () => {
    const breaker = { failures: 1, windowMs: 1_000, openMs: 10_000, probes: 1 }
    const fails = { ...acts.says(['data: {}\n\n'], 'reset'), headMs: 90 }
    const { heard, of, proxy } = await play({
      providers: { a: { does: [fails], hedge: drain, breaker }, b: { does: [acts.ok(5)], breaker } },
    })
    expect(heard).toMatchObject({ text: 'data: {"n":0}\n\ndata: {"n":1}\n\ndata: [DONE]\n\n', end: 'end' })
    expect(of('attempt-ended')[1]).toMatchObject({ provider: 'a', outcome: 'hedge-loss', failure: 'reset' })
    expect(proxy.state().providers).toMatchObject([{ breaker: 'open' }, { breaker: 'closed' }])
  })

  test('that is drained is stopped with its client', async () => {
    const world = scripted({ providers: { a: { does: [acts.ok(90)], hedge: drain }, b: { does: [acts.ok(5)] } } })
    const heard = world.ask()
    await world.run(70)
    expect(heard.text).not.toBe('')
    heard.leave()
    await world.run()
    expect(world.notes.filter(({ did }) => did === 'closed').map(({ at }) => at)).toEqual([70, 70])
    expect(world.of('request-ended')).toMatchObject([{ outcome: 'aborted' }])
  })
})

describe('a race in which one fails', () => {
  test('goes on with the other: the first fails', async () => {
    const { heard, did } = await play({
      providers: { a: { does: [acts.fails('reset')], hedge: { ...hedge, afterMs: 5 } }, b: { does: [acts.ok(40)] } },
    })
    expect(heard.end).toBe('end')
    expect(did()).toEqual(['acquire a', 'send a', 'acquire b', 'send b', 'release a', 'release b'])
  })
  test('goes on with the other: the hedge fails', async () => {
    const { heard, of } = await play({
      providers: { a: { does: [acts.ok(90)], hedge }, b: { does: [acts.error(500)] }, c: { does: [acts.ok()] } },
    })
    expect(heard.end).toBe('end')
    expect(of('attempt-ended')).toMatchObject([
      { provider: 'b', outcome: 'failed', failure: 'server-error' },
      { provider: 'a', outcome: 'ok' },
    ])
  })
  test('waits for a hedge that is still being admitted', async () => {
    const { heard, did } = await play({
      providers: { a: { does: [acts.fails('reset')], hedge: { ...hedge, afterMs: 5 } }, b: { does: [acts.ok()] } },
      admits: hold => (hold.provider.id === 'b' ? { answer: { kind: 'admitted', count: 1 }, afterMs: 20 } : undefined),
    })
    expect(did()).toEqual(['acquire a', 'send a', 'acquire b', 'release a', 'send b', 'release b'])
    expect(heard.end).toBe('end')
  })
  test('and then the other too: the next provider is asked, and each has been asked once', async () => {
    const { heard, did } = await play({
      providers: {
        a: { does: [acts.fails('reset')], hedge: { ...hedge, afterMs: 5 }, attempts: 1 },
        b: { does: [acts.error(503)] },
        c: { does: [acts.ok()] },
      },
    })
    expect(did().filter(what => what.startsWith('send'))).toEqual(['send a', 'send b', 'send c'])
    expect(heard.end).toBe('end')
  })
  test('by the client’s own error is over: that is the answer', async () => {
    const { heard, of } = await play({
      providers: { a: { does: [acts.ok(200)], hedge }, b: { does: [acts.error(400)] } },
    })
    expect(heard).toMatchObject({ status: 400, end: 'end' })
    expect(of('attempt-ended')).toMatchObject([
      { provider: 'b', outcome: 'client-error' },
      { provider: 'a', outcome: 'hedge-loss' },
    ])
  })
})

describe('no hedge', () => {
  const slow = { does: [acts.ok(90)], hedge }

  test('where the alternate is full: skipped once, and the first goes on', async () => {
    const { heard, of } = await play({
      providers: { a: slow, b: { does: [acts.ok()] } },
      admits: hold => (hold.provider.id === 'b' ? { answer: full } : undefined),
    })
    expect(heard.end).toBe('end')
    expect(of('hedge-skipped')).toMatchObject([{ after: 'a', provider: 'b', because: 'full' }])
  })

  test('where nobody else is', async () => {
    const { heard, of } = await play({ providers: { a: slow } })
    expect(heard.end).toBe('end')
    expect(of('hedge-skipped')).toMatchObject([{ after: 'a', because: 'nobody' }])
  })

  test('beyond so many providers a request', async () => {
    const { of } = await play({ manners: { providersPerRequest: 1 }, providers: { a: slow, b: { does: [acts.ok()] } } })
    expect(of('hedge-skipped')).toMatchObject([{ because: 'nobody' }])
  })

  test('beyond the budget of the alternate, which may still be asked when the first has failed', async () => {
    const { of, did } = await play({
      providers: {
        a: { does: [acts.silent()], hedge, firstByteMs: 80 },
        b: { does: [acts.ok()], retryBudget: { ratio: 0, burst: 0 } },
      },
    })
    expect(of('hedge-skipped')).toMatchObject([{ provider: 'b', because: 'budget' }])
    expect(did()).toEqual(['acquire a', 'send a', 'release a', 'acquire b', 'send b', 'release b'])
  })

  test('that is admitted after the first has spoken: released, never launched, its budget and its probe given back', async () => {
    const { of, did, heard, proxy } = await play({
      providers: { a: { does: [acts.ok(60)], hedge }, b: { does: [acts.ok()], retryBudget: { ratio: 0, burst: 1 } } },
      admits: hold => (hold.provider.id === 'b' ? { answer: { kind: 'admitted', count: 1 }, afterMs: 500 } : undefined),
    })
    expect(did()).toEqual(['acquire a', 'send a', 'acquire b', 'release a', 'release b'])
    expect(of('hedge-skipped')).toMatchObject([{ provider: 'b', because: 'late' }])
    expect(heard.endedAt).toBe(91)
    expect(heard.overAt).toBe(551)
    expect(proxy.state().providers[1]).toMatchObject({ breaker: 'closed' })
  })
})

test.each([
  ['full', full, 'full'],
  ['late', { kind: 'admitted', count: 1 }, 'late'],
] as const)(
  'a hedge that comes to nothing (%s) costs no budget and no place of a probe',
  async (_how, answer, because) => {
    const breaker = { failures: 1, windowMs: 1_000, openMs: 200, probes: 1 }
    let hedges = 0
    const world = scripted({
      providers: {
        a: { does: [acts.ok(60), acts.ok(200)], hedge },
        b: { does: [acts.error(500), acts.ok(5)], breaker, retryBudget: { ratio: 0, burst: 1 } },
      },
      // First a is full, so that b is asked, and opens; then b's answer comes to nothing; and then all is well.
      admits: ({ provider: { id } }, nth) =>
        nth === 0 ? { answer: full } : id === 'b' && nth > 1 && hedges++ === 0 ? { answer, afterMs: 100 } : undefined,
    })
    world.ask()
    await world.run(300)
    expect(world.of('breaker')).toMatchObject([{ state: 'open' }])
    for (let n = 0; n < 2; n++) {
      world.ask()
      await world.run(world.clock.now() + 500)
    }
    expect(world.of('hedge-skipped')).toMatchObject([{ provider: 'b', because }])
    expect(world.of('hedge-launched')).toHaveLength(1)
    expect(world.proxy.state().providers[1]!.breaker).toBe('closed')
  },
)

test('a hedge for which there is no budget leaves the probe’s place to others', async () => {
  const breaker = { failures: 1, windowMs: 1_000, openMs: 200, probes: 1 }
  const world = scripted({
    providers: {
      a: { does: [acts.error(500), acts.ok(60), acts.error(500)], hedge },
      b: { does: [acts.error(500), acts.ok(5)], breaker, retryBudget: { ratio: 0, burst: 0 } },
    },
  })
  for (let n = 0; n < 3; n++) {
    world.ask()
    await world.run(world.clock.now() + 300)
  }
  expect(world.of('hedge-skipped')).toMatchObject([{ provider: 'b', because: 'budget' }])
  expect(world.of('request-ended').map(({ outcome }) => outcome)).toEqual(['failed', 'ok', 'ok'])
  expect(world.proxy.state().providers[1]!.breaker).toBe('closed')
})

test('hedges stay within the budget: a burst, and then a share of the first tries', async () => {
  const world = scripted({
    providers: {
      a: { does: [acts.ok(90)], hedge, limit: 0 },
      b: { does: [acts.ok()], limit: 0, retryBudget: { ratio: 0.5, burst: 3 } },
    },
  })
  for (let n = 0; n < 10; n++) world.ask()
  await world.run()
  expect(world.of('hedge-launched')).toHaveLength(3)
  expect(world.of('hedge-skipped')).toHaveLength(7)
})
