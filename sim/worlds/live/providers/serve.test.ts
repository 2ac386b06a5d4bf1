import { once } from 'node:events'
import { connect } from 'node:net'
import { Agent, request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import type { ProviderEvent } from '../../../history.ts'
import { type Asked, bodyOf, pathOf } from '../../../providers/asked.ts'
import type { Pace } from '../../../providers/model.ts'
import { type ServedProviders, serveProviders } from './serve.ts'

const brisk: Pace = { firstByteMs: 1, tokens: 3, tokenMs: 1, spread: 0 }
/** The first chunk comes at once, the second never. */
const stuck: Pace = { firstByteMs: 0, tokens: 3, tokenMs: 600_000, spread: 0 }
const asked: Asked = { request: 'r1', session: 's "1"', shape: 'openai', stream: true }
const about = { provider: 'alpha', attempt: 'alpha-1', request: 'r1', session: 's "1"' }

let served: ServedProviders | undefined
let dispatcher: Agent | undefined
afterEach(async () => {
  await dispatcher?.destroy()
  await served?.stop()
})

type Told = ProviderEvent & { at: number }

async function stage(pace: Pace) {
  const told: Told[] = []
  const watchers: (() => void)[] = []
  served = await serveProviders({
    seed: 1,
    providers: [{ id: 'alpha', pace }],
    emit(event) {
      told.push(event as Told)
      for (const watch of watchers) watch()
    },
  })
  dispatcher = new Agent()
  const url = `http://127.0.0.1:${served.ports.alpha}`
  const post = (body = bodyOf(asked), signal?: AbortSignal) =>
    request(url + pathOf.openai, { method: 'POST', body, dispatcher: dispatcher!, signal: signal ?? null })
  /** Resolves when so many events have been told. */
  const events = (count: number) =>
    new Promise<Told[]>(resolve => {
      const watch = () => told.length >= count && resolve(told)
      watchers.push(watch)
      watch()
    })
  return { served, post, events, port: served.ports.alpha! }
}

test('a whole answer is served', async () => {
  const { post, events } = await stage(brisk)
  const reply = await post()
  expect(reply.statusCode).toBe(200)
  expect(reply.headers['content-type']).toBe('text/event-stream')
  expect(await reply.body.text()).toMatch(/data: \[DONE\]\n\n$/)
  const [began, ended] = await events(2)
  expect(began).toEqual({ at: expect.any(Number), from: 'providers', kind: 'provider-began', ...about })
  expect(ended).toMatchObject({ ...about, kind: 'provider-ended', outcome: 'served', status: 200, since: ended!.at })
  expect(ended!.at).toBeGreaterThan(began!.at)
})

test('an error status is a failed attempt, and counted', async () => {
  const { served, post, events } = await stage(brisk)
  const undo = served.behaviours('alpha').behave({ kind: 'error', status: 529, afterMs: 1 })
  const reply = await post()
  expect(reply.statusCode).toBe(529)
  await reply.body.dump()
  expect((await events(2))[1]).toMatchObject({ outcome: 'failed', status: 529 })
  expect(served.behaviours('alpha').counts()).toEqual({ error: 1 })
  undo()
  const healed = await post()
  expect(healed.statusCode).toBe(200)
  await healed.body.dump()
})

test('a cut breaks the socket, after what was said has left', async () => {
  const { served, post, events } = await stage({ ...brisk, tokenMs: 0 })
  served.behaviours('alpha').behave({ kind: 'cut', afterChunks: 2 })
  const reply = await post()
  let text = ''
  const reading = (async () => {
    for await (const chunk of reply.body) text += chunk
  })()
  await expect(reading).rejects.toThrow()
  expect(text).toContain('word0')
  expect((await events(2))[1]).toMatchObject({ outcome: 'failed', status: 200 })
})

test('a cut before anything was said is a reset without a status', async () => {
  const { served, post, events } = await stage(brisk)
  served.behaviours('alpha').behave({ kind: 'cut', afterChunks: 0 })
  await expect(post()).rejects.toThrow()
  expect((await events(2))[1]).toMatchObject({ outcome: 'failed', status: 0 })
})

test('a client who leaves in mid-stream: the end lies between the last write and the close', async () => {
  const { post, events } = await stage(stuck)
  const leaving = new AbortController()
  const reply = await post(bodyOf(asked), leaving.signal)
  const chunks = reply.body[Symbol.asyncIterator]()
  await chunks.next()
  leaving.abort()
  await expect(chunks.next()).rejects.toThrow()
  const [began, ended] = await events(2)
  expect(ended).toMatchObject({ outcome: 'peer-closed', status: 200 })
  if (ended!.kind !== 'provider-ended') throw new Error('not an end')
  expect(ended!.since).toBeGreaterThanOrEqual(began!.at)
  expect(ended!.since).toBeLessThan(ended!.at)
})

test('a client who leaves before the first byte: the end lies after the begin', async () => {
  const { post, events } = await stage({ ...stuck, firstByteMs: 600_000 })
  const leaving = new AbortController()
  const reply = post(bodyOf(asked), leaving.signal)
  await events(1)
  leaving.abort()
  await expect(reply).rejects.toThrow()
  const [began, ended] = await events(2)
  expect(ended).toMatchObject({ outcome: 'peer-closed', status: 0, since: began!.at })
})

test('a client who leaves while sending its body has been there once', async () => {
  const { served, events, port } = await stage(brisk)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"half')
  // The head must have been read before the socket goes, or there was no attempt: a whole exchange on another one shows it.
  await (await request(`http://127.0.0.1:${port}/`, { dispatcher: dispatcher! })).body.dump()
  socket.destroy()
  const told = (await events(4)).filter(({ attempt }) => attempt === 'alpha-1')
  expect(told).toMatchObject([
    { kind: 'provider-began', session: '', request: '' },
    { kind: 'provider-ended', session: '', status: 0, outcome: 'peer-closed' },
  ])
  expect(served.behaviours('alpha').counts()).toEqual({})
})

test('a body of nobody is refused, and told', async () => {
  const { post, events } = await stage(brisk)
  const reply = await post('hello')
  expect(reply.statusCode).toBe(400)
  await reply.body.dump()
  expect(await events(2)).toMatchObject([{ session: '' }, { session: '', outcome: 'failed', status: 400 }])
})

test('a stop breaks off what is in flight, and tells its end before it resolves', async () => {
  const { served, post, events } = await stage(stuck)
  const reply = await post()
  const reading = reply.body.text()
  reading.catch(() => {})
  await served.stop()
  await expect(reading).rejects.toThrow()
  const told = await events(0)
  expect(told).toHaveLength(2)
  expect(told[1]).toMatchObject({ outcome: 'failed', status: 200 })
})

test('a hundred at once: each has one begin and one end', async () => {
  const { post, events } = await stage(brisk)
  await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const reply = await post(bodyOf({ ...asked, request: `r${n}` }))
      await reply.body.dump()
    }),
  )
  const told = await events(200)
  for (const kind of ['provider-began', 'provider-ended'])
    expect(new Set(told.filter(event => event.kind === kind).map(({ attempt }) => attempt)).size).toBe(100)
  expect(new Set(told.map(({ request }) => request)).size).toBe(100)
})
