import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../sim/clock.ts'
import { chanceFor } from '../sim/random.ts'
import { type ProxyConfig, usualManners } from './config.ts'
import type { ProxyEvent } from './events.ts'
import { TransportError } from './failure.ts'
import { createProxy } from './handle.ts'
import type { Transport } from './ports.ts'
import { type Provider, usualProvider } from './provider.ts'
import type { ProxyRequest } from './request.ts'
import type { Admission, Ending, Tracker } from './tracker/tracker.ts'

type Behaves = 'ok' | 'cut' | 'no-end' | '500' | '400' | 'refuse' | 'silent' | 'nonsense'

const provider = (id: string, priority: number): Provider => ({
  ...usualProvider,
  id,
  priority,
  baseUrl: 'http://x',
  limit: 2,
  unit: 'session',
  weight: 1,
  heartbeatMs: 500,
  tombstoneMs: 30_000,
  firstByteMs: 100,
  idleMs: 100,
  totalMs: 1_000,
})
const request: ProxyRequest = {
  id: 'r1',
  session: 's1',
  shape: 'openai',
  stream: true,
  body: new Uint8Array(),
  headers: {},
}
const bytes = (text: string) => new TextEncoder().encode(text)

interface World {
  behaves: Record<string, Behaves>
  acquire?(n: number): Admission | Error
  /** Releases fail this often before one is acknowledged. */
  deafReleases?: number
  leaveAt?: number
}

/** Plays one request in virtual time against scripted providers and a scripted store. */
async function play({ behaves, acquire, deafReleases = 0, leaveAt }: World) {
  const clock = new VirtualClock()
  const events: ProxyEvent[] = []
  const calls: string[] = []
  const acquired: string[] = []
  const released: [string, Ending][] = []
  const sentAt: number[] = []
  let deaf = deafReleases
  const tracker: Tracker = {
    async acquire({ provider: { id }, token }) {
      calls.push(`acquire ${id}`)
      await clock.sleep(1)
      acquired.push(token)
      const answer = acquire?.(acquired.length - 1) ?? { kind: 'admitted', count: 1 }
      if (answer instanceof Error) throw answer
      return answer
    },
    async release({ provider: { id }, token }, ending) {
      calls.push(`release ${id}`)
      await clock.sleep(1)
      if (deaf-- > 0) throw new Error('no acknowledgement')
      released.push([token, ending])
    },
    renew: async () => ({ reinserted: [] }),
  }
  const transport: Transport = {
    async send({ id }, _request, signal) {
      calls.push(`send ${id}`)
      sentAt.push(clock.now())
      const how = behaves[id]!
      await clock.sleep(how === 'silent' ? 10_000 : 10, signal)
      if (how === 'refuse') throw new TransportError('connect', 'refused')
      const status = how === '500' || how === '400' ? Number(how) : 200
      const type = status === 200 ? 'text/event-stream' : 'application/json'
      return { status, headers: { 'content-type': type }, chunks: speak(how, signal) }
    },
  }
  async function* speak(how: Behaves, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    if (how === '500' || how === '400') return yield bytes('{"error":{}}')
    if (how === 'nonsense') return yield bytes('<html>\n')
    yield bytes('data: {}\n\n')
    await clock.sleep(10, signal)
    if (how === 'cut') throw new Error('socket hang up')
    if (how === 'ok') yield bytes('data: [DONE]\n\n')
  }
  const gone = new AbortController()
  const got = { status: 0, text: '', end: '' }
  const config: ProxyConfig = {
    instance: 'p',
    instances: 2,
    providers: [provider('a', 1), provider('b', 2)],
    ...usualManners,
    stickyMs: 0,
  }
  const proxy = createProxy(config, {
    clock,
    chance: chanceFor(1, 'proxy'),
    transport,
    tracker,
    store: { run: () => Promise.reject(new Error('no store')) },
    emit: event => events.push(event),
  })
  const handled = proxy.handle(request, {
    signal: gone.signal,
    begin: status => void (got.status = status),
    write: async chunk => void (got.text += new TextDecoder().decode(chunk)),
    end: () => void (got.end = 'end'),
    cut: () => void (got.end = 'cut'),
  })
  if (leaveAt !== undefined) void clock.sleep(leaveAt).then(() => gone.abort(new Error('left')))
  await clock.run()
  await handled
  const outcome = events.find(event => event.kind === 'request-ended')?.outcome
  return { got, calls, sentAt, acquired, released, events, outcome, pending: proxy.outbox.pending().count }
}

describe('one request', () => {
  test('is answered by the first provider, which is then released', async () => {
    const { got, calls, outcome } = await play({ behaves: { a: 'ok', b: 'ok' } })
    expect(calls).toEqual(['acquire a', 'send a', 'release a'])
    expect(got).toEqual({ status: 200, text: 'data: {}\n\ndata: [DONE]\n\n', end: 'end' })
    expect(outcome).toBe('ok')
  })

  test.each(['500', 'refuse', 'silent', 'nonsense'] as const)(
    'moves on when the first provider answers %s, releasing before it asks again',
    async how => {
      const { calls, got, released } = await play({ behaves: { a: how, b: 'ok' } })
      expect(calls).toEqual(['acquire a', 'send a', 'release a', 'acquire b', 'send b', 'release b'])
      expect(got.end).toBe('end')
      expect(released.map(([, ending]) => ending)).toEqual(['failure', 'success'])
    },
  )

  test.each(['cut', 'no-end'] as const)('that was begun (%s) is broken visibly, and nobody else speaks', async how => {
    const { calls, got, outcome } = await play({ behaves: { a: how, b: 'ok' } })
    expect(calls).not.toContain('send b')
    expect(got).toMatchObject({ status: 200, end: 'cut' })
    expect(outcome).toBe('incomplete')
  })

  test('with an error of its own is not tried elsewhere', async () => {
    const { calls, got } = await play({ behaves: { a: '400', b: 'ok' } })
    expect(calls).not.toContain('acquire b')
    expect(got.status).toBe(400)
  })

  test('that everybody refuses gets an honest 429', async () => {
    const { got, calls, outcome } = await play({
      behaves: { a: 'ok', b: 'ok' },
      acquire: () => ({ kind: 'full', count: 2, retryAfterMs: 300 }),
    })
    expect(calls).toEqual(['acquire a', 'acquire b'])
    expect(got.status).toBe(429)
    expect(outcome).toBe('refused')
  })

  test('whose admission is uncertain gives that token back, and runs under the declared policy', async () => {
    const { acquired, released, events, outcome } = await play({
      behaves: { a: 'ok', b: 'ok' },
      acquire: n => (n === 0 ? new Error('timed out') : { kind: 'admitted', count: 1 }),
    })
    expect(outcome).toBe('ok')
    expect(events.filter(({ kind }) => kind === 'uncounted-admission')).toHaveLength(1)
    expect(released.map(([token]) => token)).toContain(acquired[0])
    expect(new Set(released.map(([token]) => token)).size).toBe(released.length)
  })
})

test('whatever happens, each acquired token is released exactly once and nothing starts after the client has left', async () => {
  const how = fc.constantFrom<Behaves>('ok', 'cut', 'no-end', '500', '400', 'refuse', 'silent', 'nonsense')
  const answer = fc.constantFrom<Admission | Error>(
    { kind: 'admitted', count: 1 },
    { kind: 'full', count: 2, retryAfterMs: 5 },
    { kind: 'dead' },
    new Error('lost'),
  )
  await fc.assert(
    fc.asyncProperty(
      how,
      how,
      fc.array(answer, { minLength: 2, maxLength: 2 }),
      fc.nat(3),
      fc.option(fc.nat(150), { nil: undefined }),
      async (a, b, answers, deafReleases, leaveAt) => {
        const played = await play({
          behaves: { a, b },
          acquire: n => answers[n] ?? { kind: 'admitted', count: 1 },
          deafReleases,
          ...(leaveAt !== undefined && { leaveAt }),
        })
        const admitted = played.acquired.filter(
          (_, n) => (answers[n] as Admission).kind === 'admitted' || answers[n] instanceof Error,
        )
        const tokens = played.released.map(([token]) => token)
        expect(new Set(tokens).size).toBe(tokens.length)
        for (const token of admitted) expect(tokens).toContain(token)
        for (const at of played.sentAt) expect(at).toBeLessThanOrEqual(leaveAt ?? Number.POSITIVE_INFINITY)
        expect(played.pending).toBe(0)
        expect(played.outcome).toBeDefined()
      },
    ),
    { numRuns: 300 },
  )
})
