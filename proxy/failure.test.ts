/** Every row of the table of failures, as a provider shows it and as everybody else sees it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Act, acts, scripted } from '../sim/scripted/index.ts'
import { type Failure, failureOfStatus, failures } from './failure.ts'

interface Row {
  does: Act
  /** A second attempt at the same provider follows, where two are allowed. */
  retried: boolean
  /** Another provider is asked. */
  switched: boolean
  /** A breaker that opens at the first failure opens. */
  opens: boolean
  ending: 'success' | 'failure' | 'abort'
  /** What the client hears when nobody else is there. */
  told: { status: number; type: string }
}

const passing = { retried: true, switched: true, opens: true, ending: 'failure' } as const
const gateway = { status: 502, type: 'api_error' }
const late = { status: 504, type: 'timeout_error' }

/** `elsewhere`: not of a provider's making; the test that is named plays it. */
const rows: Record<Failure, Row | { elsewhere: `${string}.test.ts` }> = {
  'server-error': { ...passing, does: acts.html(500), told: { status: 500, type: 'api_error' } },
  'rate-limited': {
    ...passing,
    does: acts.error(429),
    retried: false,
    opens: false,
    told: { status: 429, type: 'rate_limit_error' },
  },
  overloaded: { ...passing, does: acts.html(529), told: { status: 529, type: 'overloaded_error' } },
  'model-not-found': {
    ...passing,
    does: acts.html(404),
    retried: false,
    opens: false,
    told: { status: 404, type: 'not_found_error' },
  },
  'client-error': {
    does: acts.html(422),
    retried: false,
    switched: false,
    opens: false,
    ending: 'success',
    told: { status: 422, type: 'invalid_request_error' },
  },
  unauthorized: { ...passing, does: acts.error(401), retried: false, told: gateway },
  forbidden: { ...passing, does: acts.error(403), retried: false, opens: false, told: gateway },
  connect: { ...passing, does: acts.fails('connect'), told: gateway },
  dns: { ...passing, does: acts.fails('dns'), retried: false, told: gateway },
  tls: { ...passing, does: acts.fails('tls'), retried: false, told: gateway },
  reset: { ...passing, does: acts.says([], 'reset'), told: gateway },
  malformed: { ...passing, does: acts.html(200), told: gateway },
  'empty-body': { ...passing, does: acts.says([]), told: gateway },
  'error-event': { ...passing, does: acts.says(['event: error\ndata: {}\n\n']), told: gateway },
  incomplete: { ...passing, does: acts.says(['data: {"half":\n']), told: gateway },
  'first-byte-timeout': { ...passing, does: acts.silent(), retried: false, told: late },
  'idle-timeout': { ...passing, does: acts.says([': wait\n\n'], 'silent'), retried: false, told: late },
  'total-timeout': {
    ...passing,
    does: acts.says(Array(200).fill(': wait\n\n')),
    retried: false,
    told: late,
  },
  'slow-client': { elsewhere: 'handle.test.ts' },
  'client-abort': { elsewhere: 'handle.test.ts' },
  'hedge-loss': { elsewhere: 'hedge.test.ts' },
  unleased: { elsewhere: 'strict.test.ts' },
  terminated: { elsewhere: 'operator.test.ts' },
  closing: { elsewhere: 'operator.test.ts' },
  'local-overload': { elsewhere: 'handle.test.ts' },
}

const breaker = { failures: 1, windowMs: 10_000, openMs: 10_000, probes: 1 }

const played = Object.entries(rows).flatMap(([failure, row]) => ('elsewhere' in row ? [] : [{ failure, ...row }]))

describe.each(played)('$failure', ({ failure, does, retried, switched, opens, ending, told }) => {
  test(`${switched ? 'leads' : 'does not lead'} to another provider, ${opens ? 'opens' : 'leaves'} the breaker, and ends the slot as ${ending}`, async () => {
    const world = scripted({ providers: { a: { does: [does], breaker }, b: { does: [acts.ok()] } } })
    const heard = world.ask()
    await world.run()
    const outcome = switched ? 'failed' : 'client-error'
    expect(world.of('attempt-ended')).toMatchObject([
      { provider: 'a', failure, outcome },
      ...(switched ? [{ provider: 'b', outcome: 'ok' }] : []),
    ])
    expect(world.of('request-ended')).toMatchObject([
      switched ? { outcome: 'ok', attempts: 2 } : { outcome, attempts: 1 },
    ])
    expect(world.did()).toEqual([
      'acquire a',
      'send a',
      'release a',
      ...(switched ? ['acquire b', 'send b', 'release b'] : []),
    ])
    expect(world.notes.find(({ did }) => did === 'release')).toMatchObject({ provider: 'a', ending })
    expect(world.proxy.state().providers).toMatchObject([
      { id: 'a', inFlight: 0, held: 0, breaker: opens ? 'open' : 'closed' },
      { id: 'b', inFlight: 0, held: 0, breaker: 'closed' },
    ])
    if (switched) expect(heard).toMatchObject({ status: 200, end: 'end' })
  })

  test(`${retried ? 'is' : 'is not'} tried again at the same provider`, async () => {
    const world = scripted({
      manners: { backOff: { baseMs: 40, capMs: 40 } },
      providers: { a: { does: [does, acts.ok()], attempts: 2 } },
    })
    const heard = world.ask()
    await world.run()
    expect(world.did().filter(what => what === 'send a')).toHaveLength(retried ? 2 : 1)
    expect(world.of('retry')).toHaveLength(retried ? 1 : 0)
    expect(world.of('request-ended')).toMatchObject([{ attempts: retried ? 2 : 1 }])
    if (!retried) return
    expect(heard.status).toBe(200)
    const [first, second] = world.notes.filter(({ did }) => did === 'acquire')
    const release = world.notes.find(({ did }) => did === 'release')!
    expect(second!.at - release.at).toBeCloseTo(world.of('retry')[0]!.afterMs, 3)
    expect(first!.token).not.toBe(second!.token)
  })

  test('is told to the client in the words of its protocol', async () => {
    for (const shape of ['anthropic', 'openai'] as const) {
      const world = scripted({ providers: { a: { does: [does] } } })
      const heard = world.ask({ shape })
      await world.run()
      expect(heard).toMatchObject({ status: told.status, end: 'end', headers: { 'content-type': 'application/json' } })
      const body = JSON.parse(heard.text) as { type?: string; error: { type?: string; message: string } }
      expect(body.error.message).toMatch(/\w/)
      // The provider's own words, where they are for the client.
      if (heard.text.includes('said 429')) continue
      if (shape === 'anthropic') expect(body).toMatchObject({ type: 'error', error: { type: told.type } })
      // Of its key a provider says something to the proxy, which is nobody else's business.
      expect(heard.text).not.toMatch(/said 40[13]/)
    }
  })
})

test('a row that another test plays is played there', async () => {
  for (const [failure, row] of Object.entries(rows))
    if ('elsewhere' in row)
      expect(await readFile(join(import.meta.dirname, row.elsewhere), 'utf8')).toMatch(
        failure === 'local-overload' ? 'mostRequests' : `: '${failure}'`,
      )
})

test('each status has its row', () => {
  const of = (...statuses: number[]) => statuses.map(failureOfStatus)
  expect(of(400, 405, 409, 413, 415, 422, 451)).toEqual(Array(7).fill('client-error'))
  expect(of(500, 501, 502, 503, 504, 520, 599, 408)).toEqual(Array(8).fill('server-error'))
  expect(of(401, 402, 403, 404, 429, 529)).toEqual([
    'unauthorized',
    'unauthorized',
    'forbidden',
    'model-not-found',
    'rate-limited',
    'overloaded',
  ])
})

test('what is nobody’s fault is not retried, and blames nobody', () => {
  for (const failure of [
    'client-abort',
    'hedge-loss',
    'terminated',
    'closing',
    'local-overload',
    'slow-client',
  ] as const)
    expect(failures[failure]).toMatchObject({ retry: false, elsewhere: false, breaker: false, ending: 'abort' })
})
