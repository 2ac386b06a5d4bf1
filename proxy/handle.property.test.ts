/** What must hold whatever providers, store, clients and operators do, and whenever they do it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flawOf } from '../sim/providers/flaw.ts'
import { type Act, acts, type Heard, type Note, type Scripted, scripted } from '../sim/scripted/index.ts'
import { memberOf } from './tracker/keys.ts'
import type { Admission } from './tracker/tracker.ts'

const ids = ['a', 'b', 'c'] as const
const drainMs = 50
const ms = (max: number) => fc.nat(max)

const said = 'data: {"from":"@"}\n\n'
const last = 'data: [DONE]\n\n'
const act: fc.Arbitrary<Act> = fc
  .tuple(
    fc.constantFrom<Act>(
      acts.says([said, said, last]),
      acts.says([said, last]),
      acts.says([said, 'data: {"fr', 'om":"@"}\n\n', last]),
      acts.says([`${said}data: {"fr`, `om":"@"}\n\n${last}`]),
      acts.says([said, said], 'reset'),
      acts.says([said], 'silent'),
      acts.says([said]),
      acts.says([': wait\n\n', ': wait\n\n', said, last]),
      acts.says([]),
      acts.says(['data: {"error":{}}\n\n']),
      acts.error(400),
      acts.error(401),
      acts.error(404),
      acts.error(429, { 'retry-after-ms': '40' }),
      acts.error(500),
      acts.error(529),
      acts.html(200),
      acts.fails('connect'),
      acts.silent(),
    ),
    ms(120),
  )
  .map(([one, headMs]) => (one.headMs === 'never' ? one : { ...one, headMs }))

const answer = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Admission>({ kind: 'admitted', count: 1 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Admission | Error>(
      { kind: 'full', count: 2, retryAfterMs: 5 },
      { kind: 'dead' },
      { kind: 'uncounted', because: 'careless' },
      new Error('lost'),
    ),
  },
)

const settings = fc.record({
  does: fc.array(act, { minLength: 1, maxLength: 4 }),
  priority: fc.integer({ min: 1, max: 2 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  retryBudget: fc.record({ ratio: fc.constantFrom(0, 0.5), burst: fc.integer({ min: 0, max: 3 }) }),
  breaker: fc.record({
    failures: fc.constantFrom(0, 1, 1, 2),
    windowMs: fc.constant(200),
    openMs: fc.integer({ min: 1, max: 30 }),
    probes: fc.constantFrom(1, 1, 2),
  }),
  hedge: fc.option(fc.record({ afterMs: ms(80), loser: fc.constantFrom('abort' as const, 'drain' as const) }), {
    nil: undefined,
  }),
})

const storm = fc.record({
  providers: fc.array(settings, { minLength: 1, maxLength: 3 }),
  providersPerRequest: fc.integer({ min: 1, max: 3 }),
  answers: fc.array(fc.record({ answer, afterMs: ms(60) }), { maxLength: 8 }),
  deafReleases: fc.nat(2),
  closesMs: fc.constantFrom(0, 0, 7),
  clientTakesMs: fc.constantFrom(0, 0, 0, 30),
  asks: fc.array(
    fc.record({
      at: ms(300),
      /** With others; else it is its own. */
      session: fc.constantFrom('s1', undefined),
      leavesAfter: fc.option(ms(200), { nil: undefined, freq: 2 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  terminatesAt: fc.option(ms(400), { nil: undefined, freq: 2 }),
  drainsAt: fc.option(ms(400), { nil: undefined, freq: 2 }),
})

type Storm = typeof storm extends fc.Arbitrary<infer T> ? T : never

interface Played {
  given: Storm
  world: Scripted
  heard: ReadonlyMap<string, Heard>
  providers: readonly (Storm['providers'][number] & { id: string })[]
  /** From now on everybody is full but this one, which is well. */
  only(id: string): void
}

async function play(given: Storm): Promise<Played> {
  const providers = given.providers.map((one, n) => ({ ...one, does: [...one.does], id: ids[n]!, limit: 3 }))
  let nobodyBut: string | undefined
  const world = scripted({
    providers: Object.fromEntries(providers.map(one => [one.id, one])),
    manners: {
      providersPerRequest: given.providersPerRequest,
      backOff: { baseMs: 20, capMs: 40 },
      mostRequests: 5,
      whenStoreIsAway: 'local',
    },
    admits(hold, nth) {
      if (nobodyBut === undefined) return given.answers[nth]
      return hold.provider.id === nobodyBut
        ? undefined
        : { answer: { kind: 'full' as const, count: 3, retryAfterMs: 1 } }
    },
    deafReleases: given.deafReleases,
    closesMs: given.closesMs,
    clientTakesMs: given.clientTakesMs,
    operator: {
      count: async () => 0,
      terminate: async () => 0,
      audit: async () => ({ scanned: 0, membersRemoved: [], countsMended: [] }),
    },
  })
  const heard = new Map<string, Heard>()
  for (const [n, { at, session, leavesAfter }] of given.asks.entries())
    world.clock.after(at, () => {
      const id = `r${n}`
      const client = world.ask({ id, ...(session && { session }) })
      heard.set(id, client)
      if (leavesAfter !== undefined)
        world.clock.after(leavesAfter, () => {
          if (client.overAt === undefined) client.leave()
        })
    })
  if (given.terminatesAt !== undefined) world.clock.after(given.terminatesAt, () => void world.proxy.terminate('s1'))
  if (given.drainsAt !== undefined) world.clock.after(given.drainsAt, () => void world.proxy.drain(drainMs))
  await world.run()
  const only = (id: string) => {
    nobodyBut = id
    const { does } = providers.find(one => one.id === id)!
    does.splice(0, does.length, acts.ok())
  }
  return {
    given,
    world,
    heard,
    providers: providers.map((one, n) => ({ ...one, does: given.providers[n]!.does })),
    only,
  }
}

const noted = (notes: readonly Note[], did: Note['did'], request?: string) =>
  notes.filter(note => note.did === did && (request === undefined || note.request === request))

/** Each slot that was had, or may have been had, is given back once, and not before its upstream is closed. */
function slotsReturn({ world: { notes, of, proxy } }: Played) {
  const released = of('released').map(({ token }) => token)
  expect(new Set(released).size, 'released once').toBe(released.length)
  const due = [...of('admitted'), ...of('attempt-ended')].map(({ token }) => token)
  expect(
    due.filter(token => !released.includes(token)),
    'all are released',
  ).toEqual([])
  const uncertain = of('store-trouble').filter(({ doing }) => doing === 'acquire').length
  const careless = of('uncounted-admission').length
  expect(released.length).toBe(of('admitted').length + uncertain + careless)
  expect(proxy.state()).toMatchObject({ requestsInFlight: 0, outbox: { count: 0 } })
  for (const one of proxy.state().providers) expect(one).toMatchObject({ inFlight: 0, held: 0 })
  for (const { provider, token, request } of of('attempt-ended')) {
    const nth = of('attempt-ended')
      .filter(one => one.provider === provider && one.request === request)
      .findIndex(one => one.token === token)
    const closed = noted(notes, 'closed', request).filter(one => one.provider === provider)[nth]
    const first = notes.findIndex(note => note.did === 'release' && note.token === token)
    expect(notes.indexOf(closed!), 'released when closed').toBeLessThan(first)
  }
}

/** Answered, left or ended by an operator: nobody is called any more, and what is open for nothing is closed at once. */
function nothingOutstaysItsRequest({ world: { notes }, given }: Played) {
  const { closesMs, providers } = given
  const drains = providers.some(({ hedge }) => hedge?.loser === 'drain')
  for (const [at, { did, request, at: since }] of notes.entries()) {
    if (did !== 'begin' && did !== 'leave') continue
    expect(noted(notes.slice(at), 'send', request), `no call after ${did}`).toEqual([])
    const asks = noted(notes.slice(at), 'acquire').filter(({ member }) => member === memberOf(`s-${request}`))
    expect(asks, `no slot is asked for after ${did}`).toEqual([])
    const open = noted(notes, 'send', request).length - noted(notes.slice(0, at), 'closed', request).length
    const closed = noted(notes.slice(at), 'closed', request)
    expect(closed).toHaveLength(open)
    const isWinner = did === 'begin' ? 1 : 0
    if (did === 'begin' && drains) continue
    const late = closed.filter(one => one.at > since + closesMs)
    expect(late.length, `closed after ${did}`).toBeLessThanOrEqual(isWinner)
  }
  const { asks, terminatesAt, drainsAt } = given
  for (const [n, { session, at: askedAt }] of asks.entries()) {
    const request = `r${n}`
    const doings = [...noted(notes, 'send', request), ...noted(notes, 'closed', request)]
    const most = Math.max(0, ...doings.map(({ at }) => at))
    if (session === 's1' && terminatesAt !== undefined && askedAt < terminatesAt)
      expect(most, `${request} after its session's end`).toBeLessThanOrEqual(terminatesAt + closesMs)
    if (drainsAt === undefined) continue
    expect(most, `${request} after the drain's deadline`).toBeLessThanOrEqual(drainsAt + drainMs + closesMs)
    if (askedAt > drainsAt) expect(doings, `${request} came too late`).toEqual([])
  }
}

function repliesAreHonest({ world: { of, notes, misuses }, heard, providers }: Played) {
  expect(misuses).toEqual([])
  for (const [request, { status, text, end, overAt }] of heard) {
    const ended = of('request-ended').filter(one => one.request === request)
    expect(ended, `${request} ends once`).toHaveLength(1)
    const [{ outcome }] = ended as [(typeof ended)[0]]
    expect(overAt, `${request} is over`).toBeDefined()
    // What one provider says, and nothing of another.
    const voices = [...text.matchAll(/"from":"(\w+)"/g)].map(([, name]) => name)
    expect(new Set(voices).size, text).toBeLessThanOrEqual(1)
    const whole = status === 200 && end === 'end'
    expect(whole, `${request} ${outcome}`).toBe(outcome === 'ok')
    if (whole) {
      expect(flawOf(text, { shape: 'openai', stream: true })).toBeUndefined()
      const { does } = providers.find(({ id }) => id === voices[0]![0])!
      const { chunks } = does[Math.min(Number(voices[0]!.slice(1)), does.length - 1)]!
      const said = chunks.map(([, text]) => text.replaceAll('@', voices[0]!)).join('')
      expect(text).toBe(said)
    }
    for (const { at } of noted(notes, 'closed', request))
      expect(at, 'over when all is closed').toBeLessThanOrEqual(overAt!)
    if (outcome === 'incomplete') expect({ end, status }).toEqual({ end: 'cut', status: 200 })
    if (end === 'cut') {
      expect(flawOf(text, { shape: 'openai', stream: true })).toBeDefined()
      expect(text).toContain('"error"')
    }
    if (status >= 400) expect(() => JSON.parse(text)).not.toThrow()
    if (noted(notes, 'leave', request).length === 0) expect(end).not.toBe('')
  }
}

function amplificationIsBounded({ world: { notes, of }, heard, providers, given }: Played) {
  expect(of('attempt-ended')).toHaveLength(noted(notes, 'send').length)
  for (const { id, attempts, retryBudget } of providers) {
    const sent = noted(notes, 'send').filter(({ provider }) => provider === id)
    const extra = [...of('retry'), ...of('hedge-launched')].filter(({ provider }) => provider === id).length
    const first = sent.length - extra
    const hedged = of('hedge-launched').filter(({ provider }) => provider === id).length
    expect(first, 'a first try a request').toBe(new Set(sent.map(({ request }) => request)).size - hedged)
    const { ratio, burst } = retryBudget
    expect(extra).toBeLessThanOrEqual(burst + ratio * first)
    for (const request of heard.keys()) {
      const calls = sent.filter(note => note.request === request).length
      expect(calls).toBeLessThanOrEqual(attempts)
    }
  }
  for (const request of heard.keys())
    expect(new Set(noted(notes, 'send', request).map(({ provider }) => provider)).size).toBeLessThanOrEqual(
      given.providersPerRequest,
    )
}

/** No probe's place was lost: each provider that is well again is asked again. */
async function providersComeBack({ world, providers, only }: Played) {
  if (world.proxy.state().draining) return
  await world.run(world.clock.now() + 5_000)
  for (const { id } of providers) {
    only(id)
    const heard = world.ask({ id: `after-${id}`, session: `after-${id}` })
    await world.run()
    expect(heard.status, `${id} after the storm`).toBe(200)
  }
}

test('a storm of anything leaves every promise kept', async () => {
  await fc.assert(
    fc.asyncProperty(storm, async given => {
      const played = await play(given)
      slotsReturn(played)
      nothingOutstaysItsRequest(played)
      repliesAreHonest(played)
      amplificationIsBounded(played)
      await providersComeBack(played)
    }),
    { numRuns: 1_000 },
  )
}, 60_000)
