import { describe, expect, test } from 'vitest'
import type { ProxyEvent } from '../../events.ts'
import type { ProxyState } from '../../handle.ts'
import type { ProxyRequest } from '../../request.ts'
import { createLog, type LogLevel } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createRequestTimes } from './request-times.ts'
import { kindOfTrouble } from './store-trouble.ts'

const about = { request: 'r1', session: 'alice@example.com', provider: 'alpha' }
const ended = { kind: 'attempt-ended', ...about, token: 't1' } as const

describe('metrics', () => {
  const state: ProxyState = {
    draining: false,
    requestsInFlight: 3,
    providers: [{ id: 'alpha', limit: 5, inFlight: 2, held: 3, unleased: 1, breaker: 'half-open', storeAway: true }],
    outbox: { count: 4, oldestMs: 1_500, dropped: 0 },
  }
  async function told(...events: ProxyEvent[]) {
    const metrics = createMetrics({ policy: 'closed', providers: ['alpha'] })
    for (const event of events) metrics.on(event)
    const text = await metrics.text(state)
    return (series: string) =>
      Number(
        text
          .split('\n')
          .find(line => line.startsWith(`stormproof_${series} `))
          ?.split(' ')
          .at(-1),
      )
  }

  test.each<[ProxyEvent, string]>([
    [{ kind: 'request-ended', request: 'r1', outcome: 'ok', attempts: 1 }, 'requests_total{outcome="ok"}'],
    [{ ...ended, outcome: 'ok' }, 'attempts_total{provider="alpha",outcome="ok",failure=""}'],
    [
      { ...ended, outcome: 'failed', failure: 'reset', because: 'x' },
      'attempts_total{provider="alpha",outcome="failed",failure="reset"}',
    ],
    [{ kind: 'refused', ...about, count: 5, waitedMs: 1 }, 'refusals_total{provider="alpha"}'],
    [
      { kind: 'uncounted-admission', ...about, because: 'timed out' },
      'store_away_admissions_total{provider="alpha",policy="closed"}',
    ],
    [
      { kind: 'refused-without-store', ...about, because: 'timed out' },
      'store_away_refusals_total{provider="alpha",policy="closed"}',
    ],
    [
      { kind: 'store-trouble', doing: 'acquire', provider: 'alpha', because: 'Error: Command timed out' },
      'store_errors_total{doing="acquire",kind="timeout"}',
    ],
    [{ kind: 'reinserted', provider: 'alpha', tokens: ['t1'] }, 'reinserted_total{provider="alpha"}'],
    [{ kind: 'retry', request: 'r1', provider: 'alpha', afterMs: 3 }, 'retries_total{provider="alpha"}'],
    [
      { kind: 'hedge-launched', request: 'r1', provider: 'b', after: 'alpha', token: 't' },
      'hedges_total{result="launched"}',
    ],
    [{ kind: 'hedge-skipped', request: 'r1', after: 'alpha', because: 'budget' }, 'hedges_total{result="budget"}'],
    [{ kind: 'breaker', provider: 'alpha', state: 'open' }, 'breaker_changes_total{provider="alpha",state="open"}'],
    [{ kind: 'unleased', provider: 'alpha', token: 't' }, 'unleased_total{provider="alpha"}'],
    [{ kind: 'audited', provider: 'alpha', removed: 1, mended: 0 }, 'audit_mended_total{provider="alpha"}'],
    [{ kind: 'terminated', session: 's' }, 'terminated_sessions_total'],
    [{ kind: 'outbox-dropped', provider: 'alpha', token: 't', because: 'x' }, 'outbox_dropped_total{provider="alpha"}'],
  ])('counts $kind', async (event, series) => {
    expect((await told(event, event))(series)).toBe(2)
  })

  test('shows the state as it is when asked', async () => {
    const value = await told()
    expect(value('requests_in_flight')).toBe(3)
    expect(value('provider_limit{provider="alpha"}')).toBe(5)
    expect(value('provider_in_flight{provider="alpha"}')).toBe(2)
    expect(value('provider_held{provider="alpha"}')).toBe(3)
    expect(value('provider_unleased{provider="alpha"}')).toBe(1)
    expect(value('provider_store_away{provider="alpha"}')).toBe(1)
    expect(value('breaker_state{provider="alpha"}')).toBe(1)
    expect(value('outbox_releases')).toBe(4)
    expect(value('outbox_oldest_seconds')).toBe(1.5)
    expect(value('draining')).toBe(0)
  })

  test('has a series for what has not happened yet', async () => {
    const value = await told()
    expect(value('requests_total{outcome="incomplete"}')).toBe(0)
    expect(value('store_away_admissions_total{provider="alpha",policy="closed"}')).toBe(0)
  })
})

describe('the time that the proxy adds', () => {
  function timed() {
    let now = 0
    const seen: [string, number][] = []
    const times = createRequestTimes(() => now, {
      firstByte: took => void seen.push(['first byte', took]),
      added: took => void seen.push(['added', took]),
    })
    const request = { id: 'r1' } as ProxyRequest
    const at = (instant: number, what: Exclude<keyof typeof times, never>) => {
      now = instant
      return times[what](request)
    }
    return { at, seen }
  }

  test('is all of a request but its calls: admission before, the last write after', () => {
    const { at, seen } = timed()
    at(10, 'began')
    at(13, 'callBegan')
    at(50, 'firstByte')
    at(113, 'callOver')
    expect(at(115, 'ended')).toBe(105)
    expect(seen).toEqual([
      ['first byte', 40],
      ['added', 5],
    ])
  })
  test('counts what lies between two calls, and overlapping ones once', () => {
    const { at, seen } = timed()
    at(0, 'began')
    at(1, 'callBegan')
    at(11, 'callOver')
    at(14, 'callBegan')
    at(20, 'callBegan')
    at(30, 'callOver')
    at(40, 'callOver')
    at(40, 'ended')
    expect(seen).toEqual([['added', 4]])
  })
  test('is not told of a request that called nobody', () => {
    const { at, seen } = timed()
    at(0, 'began')
    at(5, 'ended')
    expect(seen).toEqual([])
  })
})

describe('logs', () => {
  function logging(level: LogLevel = 'info') {
    let now = 0
    const lines: Record<string, unknown>[] = []
    const write = (line: string) => void lines.push(JSON.parse(line))
    const log = createLog({ level, instance: 'p1', now: () => now, to: { write } })
    return { log, lines, pass: (ms: number) => void (now += ms) }
  }
  const request = (id: string): ProxyEvent[] => [
    { kind: 'request-began', request: id, session: about.session },
    { ...ended, request: id, outcome: 'failed', failure: 'reset', because: 'x' },
    { ...ended, request: id, provider: 'beta', outcome: 'ok' },
    { kind: 'request-ended', request: id, outcome: 'ok', attempts: 2 },
  ]

  test('are one line a request, which tells sessions apart and does not name them', () => {
    const { log, lines, pass } = logging()
    for (const event of request('r1')) {
      log.on(event)
      pass(10)
    }
    for (const event of request('r2')) log.on(event)
    expect(lines[0]).toMatchObject({
      level: 'info',
      instance: 'p1',
      msg: 'request',
      request: 'r1',
      outcome: 'ok',
      attempts: 2,
      provider: 'beta',
      ms: 30,
    })
    expect(lines[0]).not.toHaveProperty('failure')
    expect(lines).toHaveLength(2)
    expect(lines[0]!.session).toBe(lines[1]!.session)
    expect(JSON.stringify(lines)).not.toContain('alice')
  })
  test('of two processes share no name for a session', () => {
    const [one, other] = [logging(), logging()]
    for (const { log } of [one, other]) for (const event of request('r1')) log.on(event)
    expect(one.lines[0]!.session).not.toBe(other.lines[0]!.session)
  })
  test('say a trouble of the store once a second, and how often it was', () => {
    const { log, lines, pass } = logging()
    const trouble: ProxyEvent = {
      kind: 'store-trouble',
      doing: 'acquire',
      provider: 'alpha',
      because: 'Command timed out',
    }
    for (let n = 0; n < 100; n++) log.on(trouble)
    pass(1_000)
    log.on(trouble)
    expect(lines).toMatchObject([{ level: 'warn', trouble: 'timeout', unsaid: 0 }, { unsaid: 99 }])
  })
  test('keep to their level', () => {
    for (const [level, count] of [
      ['debug', 3],
      ['info', 1],
      ['warn', 0],
      ['silent', 0],
    ] as const) {
      const { log, lines } = logging(level)
      for (const event of request('r1')) log.on(event)
      expect(lines).toHaveLength(count)
    }
  })
})

test.each([
  ['Error: Command timed out', 'timeout'],
  ["Error: Socket timeout. Expecting data, but didn't receive any in 500ms.", 'timeout'],
  ['Error: Connection is closed.', 'connection'],
  ['Error: connect ECONNREFUSED 127.0.0.1:7000', 'connection'],
  ['Error: Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys', 'redirections'],
  ["ReplyError: CROSSSLOT Keys in request don't hash to the same slot", 'cross-slot'],
  ["ReplyError: OOM command not allowed when used memory > 'maxmemory'.", 'out-of-memory'],
  ['ReplyError: CLUSTERDOWN The cluster is down', 'cluster-down'],
  ['ClusterAllFailedError: Failed to refresh slots cache.', 'cluster-down'],
  ['Error: 42', 'other'],
])('%s is trouble of the kind %s', (because, kind) => expect(kindOfTrouble(because)).toBe(kind))
