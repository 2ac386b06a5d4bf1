/** Each way in which a provider's socket can fail, really done on a socket: what the attempt was, who answered, what is left. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { request as call } from 'undici'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Asked, bodyOf, pathOf } from '../../../sim/providers/asked.ts'
import { type OneProxy, openOneProxy } from '../../../sim/worlds/live/one-proxy.ts'
import type { Failure } from '../../failure.ts'
import type { Provider } from '../../provider.ts'

const asked: Asked = { request: 'r1', session: 's1', shape: 'openai', stream: true }
const data = 'data: {"choices":[]}\n\n'
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const head = (status = '200 OK', headers = 'content-type: text/event-stream\r\ntransfer-encoding: chunked') =>
  `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n`

let server: Server | undefined
let proxy: OneProxy | undefined
const sockets = new Set<Socket>()
afterEach(async () => {
  await proxy?.[Symbol.asyncDispose]()
  server?.close()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  server = proxy = undefined
})

/** A provider that does this once it has a whole request. */
async function listening(answer: (socket: Socket) => void): Promise<string> {
  server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** One request to a proxy whose first provider is at this address; the second one is well. */
async function ask(alpha: Partial<Provider> & Pick<Provider, 'baseUrl'>, body: Asked = asked) {
  proxy = await openOneProxy({
    providers: [
      { id: 'alpha', attempts: 1, firstByteMs: 5_000, idleMs: 5_000, totalMs: 10_000, ...alpha },
      { id: 'beta' },
    ],
  })
  const reply = await call(proxy.url + pathOf.openai, { method: 'POST', body: bodyOf(body) })
  const text = await reply.body.text().catch(error => error as Error)
  await vi.waitFor(() => {
    expect(proxy!.told.filter(({ kind }) => kind === 'request-ended')).toHaveLength(1)
    for (const id of ['alpha', 'beta']) expect(proxy!.sessionsAt(id)).toEqual([])
  })
  const ends = proxy.told.filter(event => event.kind === 'attempt-ended')
  return { status: reply.statusCode, text, ends, ended: proxy.told.find(({ kind }) => kind === 'request-ended') }
}

type Row = [what: string, failure: Failure, answer: (socket: Socket) => void, alpha?: Partial<Provider>]

describe('nothing has reached the client, so another provider answers', () => {
  const rows: Row[] = [
    ['a reset before its headers', 'reset', socket => socket.resetAndDestroy()],
    ['an end before its headers', 'reset', socket => socket.end()],
    [
      'a reset amid its headers',
      'reset',
      socket => void socket.write('HTTP/1.1 200 O', () => socket.resetAndDestroy()),
    ],
    ['a reset after its headers', 'reset', socket => void socket.write(head(), () => socket.resetAndDestroy())],
    ['silence', 'first-byte-timeout', () => {}, { firstByteMs: 50 }],
    ['headers and then silence', 'idle-timeout', socket => socket.write(head()), { idleMs: 50 }],
    ['something else than HTTP', 'malformed', socket => socket.end('HELLO\r\n\r\n')],
    ['headers without end', 'malformed', socket => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`)],
    ['nonsense in place of a chunk', 'malformed', socket => socket.write(`${head()}HELLO\r\n`)],
    ['two lengths', 'malformed', socket => socket.write(head('200 OK', 'content-length: 1\r\ncontent-length: 2'))],
    [
      'an empty body',
      'empty-body',
      socket => socket.end(head('200 OK', 'content-type: text/event-stream\r\ncontent-length: 0')),
    ],
    ['a cut before the first data', 'reset', socket => socket.end(head() + chunk(': hello\n\n'))],
    [
      'less than it promised',
      'reset',
      socket => socket.end(`${head('200 OK', 'content-type: text/event-stream\r\ncontent-length: 999')}:\n`),
    ],
    [
      'a compressed answer',
      'malformed',
      socket =>
        socket.end(
          `${head('200 OK', 'content-type: text/event-stream\r\ncontent-encoding: gzip\r\ncontent-length: 4')}\x1f\x8b\b\0`,
        ),
    ],
    [
      'another protocol',
      'reset',
      socket => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ]
  test.each(rows)('%s: %s', async (_what, failure, answer, alpha) => {
    const { status, text, ends, ended } = await ask({ baseUrl: await listening(answer), ...alpha })
    expect(status).toBe(200)
    expect(text).toMatch(/data: \[DONE\]\n\n$/)
    expect(ends).toMatchObject([
      { provider: 'alpha', outcome: 'failed', failure },
      { provider: 'beta', outcome: 'ok' },
    ])
    expect(ended).toMatchObject({ outcome: 'ok', attempts: 2 })
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  test.each<[string, Failure, string]>([
    ['a port where nobody listens', 'connect', 'http://127.0.0.1:1'],
    ['a name that does not exist', 'dns', 'http://nobody.invalid'],
  ])('%s: %s', async (_what, failure, baseUrl) => {
    const { status, ends } = await ask({ baseUrl })
    expect(status).toBe(200)
    expect(ends).toMatchObject([
      { provider: 'alpha', failure },
      { provider: 'beta', outcome: 'ok' },
    ])
  })

  test('TLS with somebody who speaks none: tls', async () => {
    const url = await listening(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const { status, ends } = await ask({ baseUrl: url.replace('http:', 'https:') })
    expect(status).toBe(200)
    expect(ends).toMatchObject([
      { provider: 'alpha', failure: 'tls' },
      { provider: 'beta', outcome: 'ok' },
    ])
  })

  test('a redirect is not followed, wherever it leads', async () => {
    let connections = 0
    const url = await listening(socket => {
      connections++
      socket.end(head('302 Found', `location: ${url}/elsewhere\r\ncontent-length: 0`))
    })
    const { status, ends } = await ask({ baseUrl: url })
    expect(status).toBe(200)
    expect(ends.map(({ provider }) => provider)).toEqual(['alpha', 'beta'])
    expect(connections).toBe(1)
  })
})

describe('the client has had a part, so it sees a broken reply and nobody else speaks', () => {
  const begin = head() + chunk(data)
  const rows: Row[] = [
    ['a reset', 'reset', socket => void socket.write(begin, () => setImmediate(() => socket.resetAndDestroy()))],
    ['an end without the last chunk', 'reset', socket => socket.end(begin)],
    ['a whole reply without the last event', 'incomplete', socket => socket.end(`${begin}0\r\n\r\n`)],
    ['silence', 'idle-timeout', socket => socket.write(begin), { idleMs: 50 }],
    ['no end in time', 'total-timeout', trickle, { totalMs: 500 }],
    ['nonsense in place of a chunk', 'malformed', socket => socket.write(`${begin}HELLO\r\n`)],
  ]
  test.each(rows)('%s', async (_what, failure, answer, alpha) => {
    const { status, text, ends, ended } = await ask({ baseUrl: await listening(answer), ...alpha })
    expect(status).toBe(200)
    expect(text).toBeInstanceOf(Error)
    expect(ends).toMatchObject([{ provider: 'alpha', outcome: 'incomplete', failure }])
    expect(ended).toMatchObject({ outcome: 'incomplete', attempts: 1 })
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  function trickle(socket: Socket) {
    socket.write(head())
    const more = setInterval(() => socket.write(chunk(data)), 10)
    socket.on('close', () => clearInterval(more))
  }
})

test('a stream that has said its last event is whole, however its socket ends', async () => {
  const baseUrl = await listening(socket => socket.end(head() + chunk(`${data}data: [DONE]\n\n`)))
  const { text, ended } = await ask({ baseUrl })
  expect(text).toBe(`${data}data: [DONE]\n\n`)
  expect(ended).toMatchObject({ outcome: 'ok', attempts: 1 })
})

describe('JSON that stops in the middle', () => {
  const stopping = (json: string) => (socket: Socket) =>
    socket.end(
      `${head('200 OK', 'content-type: application/json\r\ntransfer-encoding: chunked')}${chunk(json)}0\r\n\r\n`,
    )
  const plain = { ...asked, stream: false }
  test('is answered by another provider while it is held', async () => {
    const { text, ended } = await ask({ baseUrl: await listening(stopping('{"choices": [')) }, plain)
    expect(JSON.parse(String(text))).toHaveProperty('choices')
    expect(ended).toMatchObject({ outcome: 'ok', attempts: 2 })
  })
  test('is broken once it was too long to hold', async () => {
    const long = `{"choices": ["${'x'.repeat(100_000)}"`
    const { text, ended } = await ask({ baseUrl: await listening(stopping(long)) }, plain)
    expect(text).toBeInstanceOf(Error)
    expect(ended).toMatchObject({ outcome: 'incomplete' })
  })
})

test('a call that is given up while it connects leaves nothing', async () => {
  // A listener whose queue is never served: a connection stands, and nothing is ever read.
  const baseUrl = await listening(() => {})
  const { ends } = await ask({ baseUrl: baseUrl.replace('http:', 'https:'), firstByteMs: 50 })
  expect(ends).toMatchObject([{ provider: 'alpha', failure: 'first-byte-timeout' }, { outcome: 'ok' }])
})
