import { describe, expect, test } from 'vitest'
import { acts, type ScriptedOptions, scripted } from '../sim/scripted/index.ts'
import type { Admission } from './tracker/tracker.ts'

/** One request, played to its end. */
async function play(options: ScriptedOptions, given: Parameters<ReturnType<typeof scripted>['ask']>[0] = {}) {
  const world = scripted(options)
  const heard = world.ask(given)
  await world.run()
  const ended = world.of('request-ended')
  expect(ended).toHaveLength(1)
  return { ...world, heard, outcome: ended[0]!.outcome, attempts: ended[0]!.attempts }
}

describe('one request', () => {
  test('is answered by the first provider, which is then released', async () => {
    const { heard, did, outcome, attempts } = await play({ providers: { a: { does: [acts.ok()] }, b: { does: [] } } })
    expect(did()).toEqual(['acquire a', 'send a', 'release a'])
    expect(heard).toMatchObject({
      status: 200,
      text: 'data: {"n":0}\n\ndata: {"n":1}\n\ndata: [DONE]\n\n',
      end: 'end',
    })
    expect({ outcome, attempts }).toEqual({ outcome: 'ok', attempts: 1 })
  })

  test('moves on at the very instant at which its provider has failed, and releases before it asks again', async () => {
    const { notes, heard } = await play({ providers: { a: { does: [acts.error(500)] }, b: { does: [acts.ok()] } } })
    const [, , closed, release, acquire] = notes
    expect([closed, release, acquire].map(one => `${one!.did} ${one!.provider}`)).toEqual([
      'closed a',
      'release a',
      'acquire b',
    ])
    expect(acquire!.at).toBe(closed!.at)
    expect(heard).toMatchObject({ status: 200, end: 'end' })
  })

  test('is released when the upstream is closed, and not before', async () => {
    const { notes } = await play({
      closesMs: 7,
      providers: { a: { does: [acts.silent()], firstByteMs: 50 }, b: { does: [acts.ok()] } },
    })
    const at = (did: string) => notes.find(one => one.did === did && one.provider === 'a')!.at
    expect(at('closed')).toBe(at('send') + 57)
    expect(at('release')).toBe(at('closed'))
  })

  test('whose admission is uncertain gives that token back, and runs under the declared policy', async () => {
    const { notes, of, outcome } = await play({
      providers: { a: { does: [acts.ok()] } },
      admits: (_hold, nth) => (nth === 0 ? { answer: new Error('timed out') } : undefined),
    })
    expect(outcome).toBe('ok')
    expect(of('uncounted-admission')).toHaveLength(1)
    const released = notes.filter(({ did }) => did === 'release').map(({ token }) => token)
    expect(released).toContain(notes.find(({ did }) => did === 'acquire')!.token)
    expect(new Set(released).size).toBe(released.length)
  })

  test('does not use a slot that was admitted so long ago that its lease may have ended, and asks again', async () => {
    const { notes, outcome } = await play({
      providers: { a: { does: [acts.ok()], heartbeatMs: 100 } },
      admits: (_hold, nth) => (nth === 0 ? { answer: { kind: 'admitted', count: 1 }, afterMs: 301 } : undefined),
    })
    expect(outcome).toBe('ok')
    const [stale, again] = notes.filter(({ did }) => did === 'acquire')
    expect(notes.find(({ did }) => did === 'release')).toMatchObject({ token: stale!.token, ending: 'unused' })
    expect(notes.find(({ did }) => did === 'send')!.at).toBe(again!.at + 1)
  })

  test('calls at most so many different providers; one that is full does not count', async () => {
    const full: Admission = { kind: 'full', count: 2, retryAfterMs: 300 }
    const { did, attempts } = await play({
      manners: { providersPerRequest: 2 },
      providers: Object.fromEntries(['a', 'b', 'c', 'd'].map(id => [id, { does: [acts.error(500)] }])),
      admits: hold => (hold.provider.id === 'a' ? { answer: full } : undefined),
    })
    expect(did().filter(what => what.startsWith('send'))).toEqual(['send b', 'send c'])
    expect(attempts).toBe(2)
  })
})

describe('nobody answers', () => {
  const full: Admission = { kind: 'full', count: 2, retryAfterMs: 300 }

  test('because all are full: an honest 429', async () => {
    const { heard, did, outcome } = await play({
      providers: { a: { does: [acts.ok()] }, b: { does: [acts.ok()] } },
      admits: () => ({ answer: full }),
    })
    expect(did()).toEqual(['acquire a', 'acquire b'])
    expect(heard).toMatchObject({ status: 429, end: 'end', headers: { 'retry-after': '1' } })
    expect(outcome).toBe('refused')
  })

  test('and the model is missing only where somebody was to be had: 429, since the full one may have it', async () => {
    const { heard } = await play({
      providers: { a: { does: [acts.ok()] }, b: { does: [acts.error(404)] } },
      admits: hold => (hold.provider.id === 'a' ? { answer: full } : undefined),
    })
    expect(heard.status).toBe(429)
  })

  test('and one is down where another has not got the model: the client is told of what may pass', async () => {
    const { heard } = await play({ providers: { a: { does: [acts.error(500)] }, b: { does: [acts.error(404)] } } })
    expect(heard).toMatchObject({ status: 500, text: '{"error":{"message":"said 500"}}' })
  })

  test('and the errors are of a gateway, in HTML: an error in the protocol of the client', async () => {
    const openai = await play({ providers: { a: { does: [acts.html(503)] } } })
    expect(openai.heard.status).toBe(503)
    expect(openai.heard.headers).toMatchObject({ 'content-type': 'application/json', 'retry-after': '1' })
    expect(JSON.parse(openai.heard.text)).toMatchObject({ error: { type: 'server_error' } })
    const anthropic = await play({ providers: { a: { does: [acts.html(503)] } } }, { shape: 'anthropic' })
    expect(JSON.parse(anthropic.heard.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  })
})

describe('Retry-After', () => {
  const limited = acts.error(429, { 'retry-after': '30' })

  test('of a provider is obeyed by the instance, whoever asks, and told to the client when nobody else is there', async () => {
    const world = scripted({ providers: { a: { does: [limited, acts.ok()] } } })
    const first = world.ask()
    await world.run(1_000)
    const second = world.ask()
    await world.run(29_000)
    expect(first).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    expect(second).toMatchObject({ status: 503, headers: { 'retry-after': '30' } })
    await world.run(30_100)
    const third = world.ask()
    await world.run()
    expect(third.status).toBe(200)
    expect(world.did().filter(what => what === 'send a')).toHaveLength(2)
  })

  test('told to the client is the smallest honest one: another provider may be asked at once', async () => {
    const { heard } = await play({ providers: { a: { does: [limited] }, b: { does: [acts.error(500)] } } })
    expect(heard).toMatchObject({ status: 500 })
    expect(heard.headers).not.toHaveProperty('retry-after')
    const other = await play({ providers: { b: { does: [acts.error(500)] }, a: { does: [limited] } } })
    expect(other.heard).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
  })
})

describe('an answer that was begun', () => {
  const begun = ['data: {"n":0}\n\n', 'data: {"n":'] as const

  test.each([
    ['a reset', acts.says(begun, 'reset'), 'reset'],
    ['an end that comes too early', acts.says(begun), 'incomplete'],
    ['silence', acts.says(begun, 'silent'), 'idle-timeout'],
    ['nonsense', acts.says(['data: {"n":0}\n\n', '<html>\n']), 'malformed'],
  ])('and is broken by %s: the client is told so, is cut off, and nobody else speaks', async (_by, act, failure) => {
    const { heard, did, outcome, of } = await play({ providers: { a: { does: [act] }, b: { does: [acts.ok()] } } })
    expect(did()).toEqual(['acquire a', 'send a', 'release a'])
    expect(outcome).toBe('incomplete')
    expect(of('attempt-ended')).toMatchObject([{ outcome: 'incomplete', failure }])
    expect(heard).toMatchObject({ status: 200, end: 'cut' })
    // What was not whole has not gone out: the error event stands alone.
    const [whole, error, rest] = heard.text.split('\n\n')
    expect(whole).toBe('data: {"n":0}')
    expect(JSON.parse(error!.replace('data: ', ''))).toMatchObject({ error: { type: 'server_error' } })
    expect(rest).toBe('')
  })

  test('in the other protocol ends with an error event of that protocol', async () => {
    const { heard } = await play(
      { providers: { a: { does: [acts.says(['event: ping\ndata: {}\n\n'], 'reset')] } } },
      { shape: 'anthropic' },
    )
    const [, error] = heard.text.split('\n\n')
    expect(error).toMatch(/^event: error\ndata: \{"type":"error","error":\{"type":"api_error"/)
    expect(heard.end).toBe('cut')
  })

  test('and says itself that it failed is passed on as it is, and cut: one error is enough', async () => {
    const said = ['data: {"n":0}\n\n', 'data: {"error":{"message":"mine"}}\n\n', 'data: [DONE]\n\n']
    const { heard, outcome } = await play({ providers: { a: { does: [acts.says(said)] } } })
    expect(heard.text).toBe(said[0]! + said[1]!)
    expect(heard.end).toBe('cut')
    expect(outcome).toBe('incomplete')
  })

  test('and has said its last event is whole, whatever its provider does after that', async () => {
    for (const end of ['reset', 'silent'] as const) {
      const { heard, outcome } = await play({
        providers: { a: { does: [acts.says(['data: {}\n\n', 'data: [DONE]\n\n'], end)] } },
      })
      expect({ end: heard.end, outcome }).toEqual({ end: 'end', outcome: 'ok' })
    }
  })

  test('in pieces that split its events comes whole and in order', async () => {
    const pieces = ['da', 'ta: {"n":0}\n', '\nda', 'ta: {"n":1}\n\ndata: [DO', 'NE]\n', '\n']
    const { heard, outcome } = await play({ providers: { a: { does: [acts.says(pieces)] } } })
    expect({ text: heard.text, outcome }).toEqual({ text: pieces.join(''), outcome: 'ok' })
  })

  test('and leaves out the blank line after its last event gets it from us', async () => {
    const { heard, outcome } = await play({
      providers: { a: { does: [acts.says(['data: {}\n\n', 'data: [DONE]'])] } },
    })
    expect({ text: heard.text, outcome }).toEqual({ text: 'data: {}\n\ndata: [DONE]\n\n', outcome: 'ok' })
  })

  test('by an event too large to be held is cut without a word: an error event would be read as its middle', async () => {
    const large = `data: "${'x'.repeat(1024 * 1024)}`
    const { heard } = await play({ providers: { a: { does: [acts.says(['data: {}\n\n', large, 'x'], 'reset')] } } })
    expect(heard.text === `data: {}\n\n${large}x`).toBe(true)
    expect(heard.end).toBe('cut')
  })

  test('plain, and cut before it is whole, is given by another provider', async () => {
    const { heard, outcome } = await play(
      { providers: { a: { does: [acts.plain('{"half":', 'reset')] }, b: { does: [acts.plain('{"whole":1}')] } } },
      { stream: false },
    )
    expect({ text: heard.text, end: heard.end, outcome }).toEqual({ text: '{"whole":1}', end: 'end', outcome: 'ok' })
  })

  test('plain, too large to be held, and cut, is broken off and not ended', async () => {
    const half = `{"t":"${'x'.repeat(70 * 1024)}`
    const { heard, outcome } = await play(
      { providers: { a: { does: [acts.plain(half, 'reset')] } } },
      { stream: false },
    )
    expect({ end: heard.end, outcome }).toEqual({ end: 'cut', outcome: 'incomplete' })
    expect(heard.text === half).toBe(true)
  })
})

describe('a slow client', () => {
  test('does not make its provider look idle', async () => {
    const { heard, outcome } = await play({
      clientTakesMs: 250,
      providers: { a: { does: [acts.ok()], idleMs: 100 } },
    })
    expect({ end: heard.end, outcome }).toEqual({ end: 'end', outcome: 'ok' })
  })

  test('that outlasts the total time is cut off, and its provider is not blamed', async () => {
    const world = scripted({
      clientTakesMs: 10_000,
      providers: { a: { does: [acts.ok()], breaker: { failures: 1, windowMs: 1_000, openMs: 1_000, probes: 1 } } },
    })
    const heard = world.ask()
    await world.run()
    expect(heard).toMatchObject({ end: 'cut', endedAt: 1_001 })
    expect(world.of('attempt-ended')).toMatchObject([{ outcome: 'aborted', failure: 'slow-client' }])
    expect(world.did()).toEqual(['acquire a', 'send a', 'release a'])
    expect(world.proxy.state().providers[0]!.breaker).toBe('closed')
  })
})

describe('a client that leaves stops everything at once', () => {
  const breaker = { failures: 1, windowMs: 1_000, openMs: 1_000, probes: 1 }
  const leaving = async (at: number, options: ScriptedOptions) => {
    const world = scripted(options)
    const heard = world.ask()
    await world.run(at)
    heard.leave()
    await world.run()
    for (const { at: sentAt } of world.notes.filter(({ did }) => did === 'send')) expect(sentAt).toBeLessThanOrEqual(at)
    const acquired = world.notes.filter(({ did }) => did === 'acquire').map(({ token }) => token)
    expect(world.notes.filter(({ did }) => did === 'release').map(({ token }) => token)).toEqual(acquired)
    expect(world.of('request-ended')).toMatchObject([{ outcome: 'aborted' }])
    for (const { breaker } of world.proxy.state().providers) expect(breaker).toBe('closed')
    expect(world.proxy.state().requestsInFlight).toBe(0)
    return { ...world, heard }
  }

  test('while a slot is asked for: it is given back, and nobody is called', async () => {
    const { did, of } = await leaving(0.5, { providers: { a: { does: [acts.ok()], breaker } } })
    expect(did()).toEqual(['acquire a', 'release a'])
    expect(of('attempt-ended')).toEqual([])
  })
  test('before the headers', async () => {
    const { notes } = await leaving(5, { providers: { a: { does: [acts.ok()], breaker } } })
    expect(notes.find(({ did }) => did === 'closed')!.at).toBe(5)
    expect(notes.find(({ did }) => did === 'release')).toMatchObject({ at: 5, ending: 'abort' })
  })
  test('in mid-stream', async () => {
    const { heard, of } = await leaving(25, { providers: { a: { does: [acts.ok()], breaker } } })
    expect(heard.text).toBe('data: {"n":0}\n\n')
    expect(of('attempt-ended')).toMatchObject([{ outcome: 'aborted', failure: 'client-abort' }])
  })
  test('whose provider does not stop: what it still says goes nowhere', async () => {
    const { heard, of } = await leaving(25, {
      providers: { a: { does: [{ ...acts.ok(), deaf: true }], breaker } },
    })
    expect(heard.text).toBe('data: {"n":0}\n\n')
    expect(of('attempt-ended')).toMatchObject([{ outcome: 'aborted' }])
  })
  test('during a back-off', async () => {
    const { did, heard } = await leaving(30, {
      manners: { backOff: { baseMs: 100_000, capMs: 100_000 } },
      providers: { a: { does: [acts.error(500)], attempts: 2 }, b: { does: [acts.ok()] } },
    })
    expect(did()).toEqual(['acquire a', 'send a', 'release a'])
    expect(heard.overAt).toBe(30)
  })
  test('during a race', async () => {
    const { did, notes } = await leaving(30, {
      providers: {
        a: { does: [acts.silent()], breaker, hedge: { afterMs: 20, loser: 'drain' } },
        b: { does: [acts.silent()], breaker },
      },
    })
    expect(did()).toEqual(['acquire a', 'send a', 'acquire b', 'send b', 'release a', 'release b'])
    expect(notes.filter(({ did }) => did === 'closed').map(({ at }) => at)).toEqual([30, 30])
  })
  test('before it has even been heard', async () => {
    const { did } = await leaving(0, { providers: { a: { does: [acts.ok()] } } })
    expect(did().filter(what => what !== 'acquire a' && what !== 'release a')).toEqual([])
  })
})

test('a refused write is a client that has left, whatever its signal says', async () => {
  const world = scripted({
    providers: { a: { does: [acts.ok()], breaker: { failures: 1, windowMs: 1, openMs: 1, probes: 1 } } },
  })
  const request = { id: 'r', session: 's', shape: 'openai' as const, stream: true, body: new Uint8Array(), headers: {} }
  const { signal } = new AbortController()
  const refuses = { begin() {}, write: () => Promise.reject(new Error('EPIPE')), end() {}, cut() {}, signal }
  const handled = world.proxy.handle(request, refuses)
  await world.run()
  await handled
  expect(world.of('attempt-ended')).toMatchObject([{ outcome: 'aborted', failure: 'client-abort' }])
  expect(world.proxy.state().providers[0]!.breaker).toBe('closed')
})

test('more requests at once than an instance takes: 503 at once, and nobody is asked', async () => {
  const world = scripted({ manners: { mostRequests: 1 }, providers: { a: { does: [acts.ok()] } } })
  const [first, second] = [world.ask(), world.ask()]
  expect(second).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  await world.run()
  expect(first.end).toBe('end')
  expect(world.of('request-ended')).toMatchObject([
    { request: 'r2', outcome: 'refused', attempts: 0 },
    { request: 'r1', outcome: 'ok', attempts: 1 },
  ])
})

test('a limit that is changed holds from the next admission on; 0 is no limit', async () => {
  const seen: number[] = []
  const world = scripted({
    providers: { a: { does: [acts.ok()], limit: 5 } },
    admits: hold => void seen.push(hold.provider.limit),
  })
  world.ask()
  world.proxy.setLimit('a', 0)
  world.ask()
  await world.run()
  expect(seen).toEqual([5, 0])
  expect(world.proxy.state().providers).toMatchObject([{ id: 'a', limit: 0 }])
  expect(() => world.proxy.setLimit('nobody', 1)).toThrow('no provider nobody')
})
