/** What a trouble excuses, and what not. */
import { describe, expect, test } from 'vitest'
import { attemptOf, censusAt, inOrder, phaseAt, sampleTopology } from '../checks/sample.ts'
import type { Taken } from '../faults/fault.ts'
import type { Event } from '../history.ts'
import { provider, topology } from '../topology.ts'
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
const sentAt = (at: number): Event => ({
  at,
  from: 'client',
  kind: 'client-sent',
  request: 'r1',
  session: 's',
  plannedAt: at,
  shape: 'openai',
  stream: false,
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
    expect(uncountedSessions(lost('s', 990, null), uncounted('s', 1_000, 1_300))).toBe(0)
    const gone = (at: number): Event => ({ ...there.at(-1)!, at, since: at - 1 }) as Event
    expect(uncountedSessions(fault('members', 1_450, 1_550), there, gone(1_500), back(2_000))).toBe(0)
    expect(uncountedSessions(fault('members', 1_300, 1_400), there, gone(1_500), back(2_000))).toBe(1)
  })

  test('is excused for that heartbeat even if another of its attempts came and took the membership along', () => {
    const long = attemptOf('alpha', 's', 'r-long', 1_000, 4_000)
    const back = (at: number): Event => ({ ...long[0]!, at, since: at - 1 }) as Event
    const other = attemptOf('alpha', 's', 'r-other', 1_600, 1_850)
    const forgotten = [lost('s', 1_500, null), ...other]
    expect(uncountedSessions(long, forgotten, back(1_990))).toBe(0)
    expect(uncountedSessions(long, forgotten, back(2_200))).toBe(1)
  })

  test('is not excused by what was lost before any of its attempts began', () => {
    const before = attemptOf('alpha', 's', 'r-old', 1_000, 1_510)
    expect(uncountedSessions(before, lost('s', 1_500, null), uncounted('s', 1_800, 2_050))).toBe(1)
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
  const sent = sentAt(10)
  expect(open(1_500)).toMatchObject({ 'store.failOpen': 1, 'store.failOpenUnexcused': 0 })
  expect(open(2_500)).toMatchObject({ 'store.failOpenUnexcused': 0, 'store.policyEndsAfterHealMs': 500 })
  expect(open(2_700)).toMatchObject({ 'store.failOpenUnexcused': 1, 'store.policyEndsAfterHealMs': 700 })
})

test('attempts of a proxy that died count until their leases end, where the limit is one of attempts', () => {
  const [alpha] = sampleTopology.providers
  const byAttempt = topology({
    providers: [provider({ id: 'alpha', limit: 2, unit: 'attempt', heartbeatMs: alpha!.heartbeatMs })],
  })
  const killed: Event[] = [
    {
      at: 1_400,
      from: 'runner',
      kind: 'fault-injected',
      fault: 'some',
      id: 'f1',
      takes: 'requests',
      instance: 'proxy-1',
    },
    { at: 1_500, from: 'runner', kind: 'fault-healed', fault: 'some', id: 'f1' },
  ]
  const held = [0, 1].flatMap(n => [
    { at: 900, from: 'proxy-1', kind: 'request-began', request: `r${n}`, session: 's' } as Event,
    ...attemptOf('alpha', 's', `r${n}`, 1_000 + n, 1_401).filter(({ kind }) => kind !== 'store-changed'),
  ])
  const ghosts = (refusedAt: number, ...events: Event[]) => {
    const refused: Event = {
      at: refusedAt,
      from: 'proxy-2',
      kind: 'refused',
      request: 'r9',
      session: 's9',
      provider: 'alpha',
      count: 2,
      waitedMs: 1,
    }
    return measure(inOrder([phaseAt(0, 'storm'), sentAt(10), ...events, refused]), byAttempt).ghostRejections.length
  }
  expect(ghosts(2_500, ...killed, ...held)).toBe(0)
  expect(ghosts(2_500, ...held)).toBe(1)
  expect(ghosts(1_401 + 5 * alpha!.heartbeatMs + 200, ...killed, ...held)).toBe(1)
  // The second was admitted just before, and never began.
  const member = { from: 'tap', kind: 'store-changed', provider: 'alpha', member: 's:t', node: 'n', offset: 0 } as const
  const grown: Event[] = [900, 1_390].map((at, n) => ({ ...member, at, since: at, score: n + 1 }))
  const begun = attemptOf('alpha', 't', 'r-t', 901, 4_000).filter(({ kind }) => kind !== 'store-changed')
  expect(ghosts(2_500, ...killed, ...grown, ...begun)).toBe(0)
  expect(ghosts(2_500, ...grown, ...begun)).toBe(1)
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

test('where the limit is one of attempts, a stopped proxy may lose its places one by one', () => {
  const byAttempt = topology({ providers: [provider({ id: 'alpha', limit: 2, unit: 'attempt' })] })
  const changed = (at: number, score: number | null) => ({ ...lost('l', at, score), kind: 'store-changed' }) as Event
  const overshoot = (more: number, ...scores: (number | null)[]) => {
    const long = [0, 1].flatMap(n => [
      { ...sentAt(999), request: `l${n}`, instance: 'proxy-1' } as Event,
      ...attemptOf('alpha', 'l', `l${n}`, 1_000 + n, 3_000).filter(({ kind }) => kind !== 'store-changed'),
    ])
    const others = Array.from({ length: more }, (_, n) => attemptOf('alpha', `m${n}`, `m${n}`, 2_000 + n, 2_500)).flat()
    const removed = scores.map((score, n) => changed(1_500 + n, score))
    const events = [...fault('time', 1_100, 2_900), changed(999, 2), ...long, ...removed, ...others]
    return measure(inOrder([phaseAt(0, 'storm'), ...events]), byAttempt).figures['limit.overshootMax']
  }
  expect([overshoot(2, 1, null), overshoot(3, 1, null)]).toEqual([0, 1])
  expect([overshoot(1, 1), overshoot(2, 1)]).toEqual([0, 1])
})

test('a store that was away for a moment was not away', () => {
  expect(figures(fault('store', 900, 1_100), declared('s', 999), uncounted('s', 1_000, 2_500))).toMatchObject({
    'tracking.uncountedSessions': 1,
  })
})

test('another may come for whom the store lost on its way to the provider, and not for whom it lost long before', () => {
  const others = [0, 1].map(k => attemptOf('alpha', `m${k}`, `m${k}`, 1_100 + k, 2_500))
  const overshoot = (...events: (Event | Event[])[]) =>
    figures(attemptOf('alpha', 'l', 'l', 900, 2_400), uncounted('s', 1_000, 2_300), ...others, ...events)[
      'limit.overshootMax'
    ]
  const came = { ...lost('s', 980, 1), kind: 'store-changed' } as Event
  expect(overshoot(came, lost('s', 990, null))).toBe(0)
  expect(overshoot({ ...came, at: 780 }, lost('s', 790, null))).toBe(1)
  expect(overshoot()).toBe(1)
})

test('where the limit is one of attempts, another may come for each attempt of whom the store lost', () => {
  const byAttempt = topology({ providers: [provider({ id: 'alpha', limit: 2, unit: 'attempt' })] })
  const overshoot = (more: number) => {
    const long = [0, 1].flatMap(n =>
      attemptOf('alpha', 'l', `l${n}`, 1_000 + n, 3_000).filter(({ kind }) => n === 0 || kind !== 'store-changed'),
    )
    const others = Array.from({ length: more }, (_, n) => attemptOf('alpha', `m${n}`, `m${n}`, 2_000 + n, 2_500)).flat()
    const events = [phaseAt(0, 'storm'), ...long, lost('l', 1_500, null), ...others]
    return measure(inOrder(events), byAttempt).figures['limit.overshootMax']
  }
  expect([overshoot(2), overshoot(3)]).toEqual([0, 1])
})

test('where attempts are counted, one that loses its place while its session stays is beyond the limit only if its proxy was gone', () => {
  const byAttempt = topology({ providers: [provider({ id: 'alpha', limit: 2, unit: 'attempt' })] })
  const overshoot = (more: number, ...events: Event[]) => {
    const long = [0, 1].flatMap(n => [
      { at: 900, from: 'proxy-1', kind: 'request-began', request: `l${n}`, session: 'l' } as Event,
      ...attemptOf('alpha', 'l', `l${n}`, 1_000 + n, 3_000).filter(({ kind }) => kind !== 'store-changed'),
    ])
    const member = {
      from: 'tap',
      kind: 'store-changed',
      provider: 'alpha',
      member: 's:l',
      node: 'n',
      offset: 0,
    } as const
    const counted = [2, 1].map(
      (score, n): Event => ({ ...member, at: [990, 1_500][n]!, since: [990, 1_500][n]!, score }),
    )
    const others = Array.from({ length: more }, (_, n) => attemptOf('alpha', `m${n}`, `m${n}`, 2_000 + n, 2_500)).flat()
    return measure(inOrder([phaseAt(0, 'storm'), ...long, ...counted, ...events, ...others]), byAttempt).figures[
      'limit.overshootMax'
    ]
  }
  const stopped = fault('time', 1_100, 2_900)
  expect([overshoot(1, ...stopped), overshoot(2, ...stopped)]).toEqual([0, 1])
  expect(overshoot(1)).toBe(1)
  expect(overshoot(1, ...fault('time', 2_000, 2_900))).toBe(1)
})

test('whom the store brought back stays for a lease, whatever else of the session ended since, and no longer', () => {
  const [alpha] = sampleTopology.providers
  const phantoms = (at: number, ...events: Event[]) =>
    figures(events, phaseAt(at - 1, 'rest'), censusAt(at, 'alpha', ['s:s']))['rest.phantoms']
  const stays = ({ kind }: Event) => kind !== 'store-changed'
  const first = attemptOf('alpha', 's', 'r1', 1_000, 1_400).slice(0, -1)
  const second = attemptOf('alpha', 's', 'r2', 1_600, 1_700).filter(stays)
  // It never left as far as anybody saw.
  const revived = lost('s', 1_500, 1)
  expect(phantoms(2_000, ...first, revived)).toBe(0)
  expect(phantoms(2_000, ...first, revived, ...second)).toBe(0)
  expect(phantoms(2_000, ...first, ...second)).toBe(1)
  expect(phantoms(1_500 + 5 * alpha!.heartbeatMs + 200, ...first, revived, ...second)).toBe(1)
})

test('whoever was admitted by a proxy that died before it called stays for a lease, whatever else of the session ended since', () => {
  const phantoms = (...events: Event[]) =>
    figures(events, phaseAt(2_299, 'rest'), censusAt(2_300, 'alpha', ['s:s']))['rest.phantoms']
  const [joined] = attemptOf('alpha', 's', 'r0', 1_002, 1_003)
  const grown: Event = { ...(joined as Extract<Event, { kind: 'store-changed' }>), at: 1_590, since: 1_590, score: 2 }
  const second = attemptOf('alpha', 's', 'r2', 1_600, 1_700).filter(({ kind }) => kind !== 'store-changed')
  expect(phantoms(joined!, ...fault('requests', 1_001, 1_200), grown, ...second)).toBe(0)
  expect(phantoms(joined!, grown, ...second)).toBe(1)
})

test('what a dying proxy gave back leaves no lease behind; what its death cut off does', () => {
  const killed = fault('requests', 1_400, 1_900)
  const held = (outcome: 'served' | 'peer-closed') =>
    [
      { at: 900, from: 'proxy-1', kind: 'request-began', request: 'r1', session: 's' } as Event,
      ...attemptOf('alpha', 's', 'r1', 1_000, 1_401),
    ].map(event => (event.kind === 'provider-ended' ? { ...event, outcome } : event))
  const crashed = (events: Event[]) =>
    measure(inOrder([phaseAt(0, 'storm'), ...killed, ...events]), sampleTopology).crashed.length
  expect(crashed(held('served'))).toBe(0)
  expect(crashed(held('peer-closed'))).toBe(1)
})

test('a refusal that is judged late is judged by who was in flight at the time', () => {
  const three = [0, 1, 2].flatMap(n => attemptOf('alpha', `m${n}`, `m${n}`, 1_000 + n, 1_200 + n))
  const refused: Event = {
    at: 1_150,
    from: 'proxy-1',
    kind: 'refused',
    request: 'r9',
    session: 's9',
    provider: 'alpha',
    count: 3,
    waitedMs: 1,
  }
  const ghosts = (...events: Event[]) =>
    figures(sentAt(10), refused, phaseAt(9_000, 'rest'), events)['admission.ghostRejections']
  expect(ghosts(...three)).toBe(0)
  expect(ghosts(...three.slice(0, -4))).toBe(1)
})
