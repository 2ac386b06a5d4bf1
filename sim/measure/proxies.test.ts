/** What is told of a proxy's manners: breakers, pauses, budgets, and whom it still asks. */
import { describe, expect, test } from 'vitest'
import { inOrder, phaseAt } from '../checks/sample.ts'
import type { Event } from '../history.ts'
import { provider, topology } from '../topology.ts'
import { measure } from './index.ts'
import type { Measurement } from './measurement.ts'

const stage = topology({
  providers: [
    provider({
      id: 'alpha',
      limit: 9,
      attempts: 2,
      retryBudget: { ratio: 0, burst: 1 },
      breaker: { failures: 3, windowMs: 1_000, openMs: 500, probes: 1 },
    }),
    provider({ id: 'beta', limit: 9, retryBudget: { ratio: 0, burst: 1 } }),
  ],
})

type Way = { to?: string; status?: number; outcome?: 'served' | 'failed' | 'peer-closed'; retryAfterMs?: number }

/** One request with one attempt; its proxy is done with it before the provider has seen the end. */
function asked(name: string, from: number, to: number, way: Way = {}): Event[] {
  const { to: id = 'alpha', status = 500, outcome = status < 400 ? 'served' : 'failed', retryAfterMs } = way
  const about = { provider: id, attempt: `${id}-${name}`, request: name, session: name }
  return [
    { at: from - 1, from: 'proxy-1', kind: 'request-began', request: name, session: name },
    { at: from, from: 'providers', kind: 'provider-began', ...about },
    { at: to, from: 'proxy-1', kind: 'request-ended', request: name, outcome: 'failed', attempts: 1 },
    {
      at: to + 1,
      from: 'providers',
      kind: 'provider-ended',
      ...about,
      outcome,
      status,
      since: to,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  ]
}
const called = (request: string, id: string, from: number, to: number, outcome: Way['outcome'] = 'failed'): Event[] =>
  asked(request, from, to, { to: id, outcome, status: outcome === 'served' ? 200 : 500 })
    .filter(({ kind }) => kind.startsWith('provider'))
    .map(event => ('attempt' in event ? { ...event, attempt: `${id}-${request}-${from}` } : event))
const breaker = (at: number, state: 'open' | 'half-open' | 'closed'): Event => ({
  at,
  from: 'proxy-1',
  kind: 'breaker',
  provider: 'alpha',
  state,
})
const saw = (...events: Event[][]): Measurement => measure(inOrder([phaseAt(0, 'storm'), ...events.flat()]), stage)
const failing = ['a', 'b', 'c'].flatMap((name, n) => asked(name, 100 + 50 * n, 120 + 50 * n))

describe('a breaker that should be open', () => {
  test('is not missed by an attempt that outlasts its request', () => {
    const measured = saw(failing, asked('early', 450, 470))
    expect(measured.askedTooSoon).toMatchObject([{ because: expect.stringContaining('alpha was asked by proxy-1') }])
    expect(measured.figures['breakers.opened']).toBe(1)
  })
  test('may be asked by those on their way, and by one when its time is up', () => {
    expect(saw(failing, asked('on-its-way', 260, 280), asked('probe', 750, 770)).askedTooSoon).toEqual([])
  })
  test('may not be asked by two at a time then', () => {
    const measured = saw(failing, asked('one', 750, 850), asked('two', 760, 860))
    expect(measured.askedTooSoon[0]!.because).toContain('2 attempts at a time')
  })
  test('is closed by a probe that is served', () => {
    const well = { status: 200 }
    const after = ['x', 'y', 'z'].flatMap(name => asked(name, 800, 900, well))
    expect(saw(failing, asked('probe', 750, 770, well), after).askedTooSoon).toEqual([])
  })
  test('need not be, after what says nothing about health', () => {
    const others = ['a', 'b', 'c', 'd'].flatMap((name, n) => asked(name, 100 + 20 * n, 110 + 20 * n, { status: 400 }))
    expect(saw(others, asked('more', 400, 420)).askedTooSoon).toEqual([])
  })
})

describe('a failure', () => {
  /** The third of them, at 240. */
  const two = ['a', 'b'].flatMap((name, n) => asked(name, 100 + 50 * n, 120 + 50 * n))
  const third = asked('c', 200, 240)
  const early = asked('early', 600, 620)
  const answered: Event = { at: 250, from: 'client', kind: 'client-first-byte', request: 'c', status: 200 }
  const left: Event = {
    at: 250,
    from: 'client',
    kind: 'client-ended',
    request: 'c',
    outcome: 'aborted',
    status: 0,
    bytes: 0,
  }
  test('was heard where another attempt began after it and answered soon', () => {
    const fallback = called('c', 'beta', 243, 249, 'served')
    expect(saw(two, third, fallback, [answered], early).askedTooSoon).toHaveLength(1)
  })
  test('may have been missed where the other was there before, or the client left', () => {
    expect(saw(two, third, called('c', 'beta', 220, 260, 'served'), [answered], early).askedTooSoon).toEqual([])
    expect(saw(two, third, [left], early).askedTooSoon).toEqual([])
  })
  test('that came together with a success may have come before it', () => {
    const well = asked('well', 200, 239, { status: 200 })
    const three = ['a', 'b', 'c'].flatMap(name => asked(name, 200, 240))
    expect(saw(well, three, early).askedTooSoon).toEqual([])
    expect(saw(asked('well', 150, 200, { status: 200 }), three, early).askedTooSoon).toHaveLength(1)
  })
  test('that may have been missed may have opened the breaker: when it must open is not known until somebody later is served', () => {
    const more = ['d', 'e'].flatMap((name, n) => asked(name, 300 + 50 * n, 320 + 50 * n))
    const probe = asked('probe', 560, 580)
    expect(saw(two, third, [left], more, probe).askedTooSoon).toEqual([])
    const again = ['f', 'g', 'h'].flatMap((name, n) => asked(name, 700 + 50 * n, 720 + 50 * n))
    const well = asked('well', 600, 620, { status: 200 })
    expect(saw(two, third, [left], more, well, again, asked('soon', 1_100, 1_120)).askedTooSoon).toHaveLength(1)
  })
})

test('a breaker that opens without failures is told, one that opens with them is not', () => {
  expect(saw([breaker(300, 'open')], asked('x', 600, 620)).openedInVain).toHaveLength(1)
  expect(saw(failing, [breaker(230, 'open')], asked('x', 900, 920)).openedInVain).toEqual([])
})

test('a pause is kept by whoever heard of it, to its end', () => {
  const told = asked('a', 100, 120, { status: 429, retryAfterMs: 500 })
  expect(saw(told, asked('on-its-way', 150, 170, { status: 200 })).askedInPause).toEqual([])
  expect(saw(told, asked('early', 400, 420, { status: 200 })).askedInPause).toHaveLength(1)
  expect(saw(told, asked('in-time', 630, 650, { status: 200 })).askedInPause).toEqual([])
})

describe('a budget', () => {
  const retried = (name: string, at: number) => [
    ...called(name, 'alpha', at, at + 10),
    ...called(name, 'alpha', at + 30, at + 40, 'served'),
  ]
  test('is one retry an instance, and two instances', () => {
    expect(saw(retried('a', 100), retried('b', 200)).overBudget).toEqual([])
    expect(saw(retried('a', 100), retried('b', 200), retried('c', 300)).overBudget).toHaveLength(1)
  })
  test('counts a race, and not one that takes the place of another', () => {
    const race = (name: string, at: number) => [
      ...called(name, 'alpha', at, at + 90, 'peer-closed'),
      ...called(name, 'beta', at + 40, at + 85, 'served'),
    ]
    const failover = [...called('x', 'alpha', 500, 520), ...called('x', 'beta', 515, 560, 'served')]
    expect(saw(race('a', 100), race('b', 200), failover).figures['budget.furtherTries']).toBe(2)
    expect(saw(race('a', 100), race('b', 200), race('c', 300)).overBudget).toHaveLength(1)
  })
})

describe('an attempt that its peer closed', () => {
  const causes = (...events: Event[][]) =>
    Object.keys(saw(...events, [member('m', 90, 1), member('m', 700, null)]).longestStays)
  const member = (session: string, at: number, score: number | null): Event => ({
    at,
    from: 'tap',
    kind: 'store-changed',
    provider: 'alpha',
    member: `s:${session}`,
    score,
    since: at,
    node: 'n',
    offset: at,
  })
  test('lost its race to one that ran before', () => {
    expect(causes(called('m', 'alpha', 100, 200, 'peer-closed'), called('m', 'beta', 150, 300, 'served'))).toEqual([
      'hedge-loss',
    ])
  })
  test('lost its race to one that has just ended', () => {
    expect(causes(called('m', 'alpha', 100, 200, 'peer-closed'), called('m', 'beta', 150, 198, 'served'))).toEqual([
      'hedge-loss',
    ])
  })
  test('timed out where another one took its place', () => {
    expect(causes(called('m', 'alpha', 100, 200, 'peer-closed'), called('m', 'beta', 199, 300, 'served'))).toEqual([
      'timeout',
    ])
  })
})
