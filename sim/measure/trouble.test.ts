/** What a trouble excuses, and what not. */
import { describe, expect, test } from 'vitest'
import { attemptOf, censusAt, inOrder, phaseAt, sampleTopology } from '../checks/sample.ts'
import type { Taken } from '../faults/fault.ts'
import type { Event } from '../history.ts'
import { measure } from './index.ts'

const figures = (...events: (Event | Event[])[]) =>
  measure(inOrder([phaseAt(0, 'storm'), ...events.flat()]), sampleTopology).figures

const fault = (takes: Taken, from: number, to: number): Event[] => [
  { at: from, from: 'runner', kind: 'fault-injected', fault: 'some', id: 'f1', takes, instance: 'proxy-1' },
  { at: to, from: 'runner', kind: 'fault-healed', fault: 'some', id: 'f1' },
]
const declared = (session: string, at: number): Event => ({
  at,
  from: 'proxy-1',
  kind: 'uncounted-admission',
  request: 'r1',
  session,
  provider: 'alpha',
  because: 'timed out',
})
/** In flight, and no member until this instant. */
const uncounted = (session: string, from: number, to: number, joins = Number.POSITIVE_INFINITY): Event[] =>
  attemptOf('alpha', session, `r-${session}`, from, to).flatMap((event): Event[] => {
    if (event.kind !== 'store-changed') return [event]
    return event.score === null || joins === Number.POSITIVE_INFINITY ? [] : [{ ...event, at: joins, since: joins - 1 }]
  })
const lost = (session: string, at: number, score: number | null): Event => ({
  at,
  from: 'tap',
  kind: 'store-lost',
  provider: 'alpha',
  member: `s:${session}`,
  score,
  since: at,
  node: 'n',
  offset: at,
})

describe('a session that is not counted', () => {
  const uncountedSessions = (...events: (Event | Event[])[]) => figures(...events)['tracking.uncountedSessions']

  test('is excused where the proxy declared it while the store was away, until a heartbeat after the heal', () => {
    const away = fault('store', 900, 2_000)
    expect(uncountedSessions(away, declared('s', 999), uncounted('s', 1_000, 3_500, 2_500))).toBe(0)
    expect(uncountedSessions(away, declared('s', 999), uncounted('s', 1_000, 3_500, 2_700))).toBe(1)
  })

  test('is not excused where nobody declared it, or the store was there', () => {
    expect(uncountedSessions(fault('store', 900, 2_000), uncounted('s', 1_000, 1_500))).toBe(1)
    expect(uncountedSessions(fault('time', 900, 2_000), declared('s', 999), uncounted('s', 1_000, 1_500))).toBe(1)
    expect(figures(declared('s', 999), uncounted('s', 1_000, 1_500))['tracking.uncountedSessions']).toBe(1)
  })

  test('is excused for a heartbeat where the store lost it, or was made to forget it', () => {
    const there = attemptOf('alpha', 's', 'r-s', 1_000, 4_000)
    const back = (at: number): Event => ({ ...there[0]!, at, since: at - 1 }) as Event
    expect(uncountedSessions(there, lost('s', 1_500, null), back(2_000))).toBe(0)
    expect(uncountedSessions(there, lost('s', 1_500, null), back(2_200))).toBe(1)
    const gone = (at: number): Event => ({ ...there.at(-1)!, at, since: at - 1 }) as Event
    expect(uncountedSessions(fault('members', 1_450, 1_550), there, gone(1_500), back(2_000))).toBe(0)
    expect(uncountedSessions(fault('members', 1_300, 1_400), there, gone(1_500), back(2_000))).toBe(1)
  })

  test('is excused where its proxy was stopped and said afterwards that its lease could not be vouched for', () => {
    const admitted: Event = {
      at: 999,
      from: 'proxy-1',
      kind: 'admitted',
      request: 'r-s',
      session: 's',
      provider: 'alpha',
      token: 't1',
      count: 1,
    }
    const said: Event = { at: 3_100, from: 'proxy-1', kind: 'unleased', provider: 'alpha', token: 't1' }
    const stopped = fault('time', 1_050, 3_000)
    expect(uncountedSessions(stopped, admitted, uncounted('s', 1_000, 2_900), said)).toBe(0)
    expect(uncountedSessions(stopped, admitted, uncounted('s', 1_000, 2_900))).toBe(1)
    expect(uncountedSessions(admitted, uncounted('s', 1_000, 2_900), said)).toBe(1)
  })
})

test('an admission without the store is excused while it is away, and no longer than a heartbeat after', () => {
  const open = (at: number) => figures(fault('store', 900, 2_000), [censusAt(5_000, 'alpha')], sent, declared('s', at))
  const sent: Event = {
    at: 10,
    from: 'client',
    kind: 'client-sent',
    request: 'r1',
    session: 's',
    plannedAt: 10,
    shape: 'openai',
    stream: false,
  }
  expect(open(1_500)).toMatchObject({ 'store.failOpen': 1, 'store.failOpenUnexcused': 0 })
  expect(open(2_500)).toMatchObject({ 'store.failOpenUnexcused': 0, 'store.policyEndsAfterHealMs': 500 })
  expect(open(2_700)).toMatchObject({ 'store.failOpenUnexcused': 1, 'store.policyEndsAfterHealMs': 700 })
})

test('for each whom the store lost another may come, until they leave', () => {
  const many = (n: number) =>
    Array.from({ length: n }, (_, k) => attemptOf('alpha', `m${k}`, `m${k}`, 2_000 + k, 2_500))
  const long = [0, 1].map(k => attemptOf('alpha', `l${k}`, `l${k}`, 1_000 + k, 2_400))
  const one = figures(...long, lost('l0', 1_500, null), ...many(2))
  expect(one['limit.overshootMax']).toBe(0)
  expect(figures(...long, ...many(2))['limit.overshootMax']).toBe(1)
  expect(figures(...long, lost('l0', 1_500, null), ...many(3))['limit.overshootMax']).toBe(1)
})

test('a store that was away for a moment was not away', () => {
  expect(figures(fault('store', 900, 1_100), declared('s', 999), uncounted('s', 1_000, 2_500))).toMatchObject({
    'tracking.uncountedSessions': 1,
  })
})
