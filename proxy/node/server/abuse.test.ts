/** What callers can do to a server, on bare sockets: each gets its documented answer, and the others never notice. */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Client, ProxyRequest } from '../../request.ts'
import { type ProxyServer, serve } from '../server.ts'
import type { ServerLimits } from './limits.ts'

let front: ProxyServer | undefined
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  front?.server.close()
  front?.server.closeAllConnections()
})

const hello = (client: Client) => {
  client.begin(200, { 'content-type': 'application/json' })
  return client.write(new TextEncoder().encode('{"hello":1}')).then(() => client.end())
}

async function listening(
  limits: Partial<ServerLimits> = {},
  handle = (_: ProxyRequest, client: Client) => hello(client),
) {
  const asked: ProxyRequest[] = []
  const refused: number[] = []
  const nothing = () => {}
  front = serve(
    {
      async handle(request, client) {
        asked.push(request)
        await handle(request, client)
      },
    },
    {
      keys: ['secret'],
      limits,
      watch: {
        refused: status => void refused.push(status),
        connectionDropped: nothing,
        began: nothing,
        firstByte: nothing,
        ended: nothing,
      },
    },
  )
  front.server.listen(0, '127.0.0.1')
  await once(front.server, 'listening')
  return { asked, refused, port: (front.server.address() as AddressInfo).port }
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  sockets.add(socket)
  return socket
}

/** All that comes back until the server closes, or until it looks like this. */
function answer(socket: Socket, enough?: RegExp): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    socket.on('data', chunk => {
      text += chunk
      if (enough?.test(text)) resolve(text)
    })
    socket.on('close', () => resolve(text))
  })
}

const send = (port: number, text: string | Buffer, enough?: RegExp) => {
  const socket = open(port)
  socket.write(text)
  return answer(socket, enough)
}

const head = (lines: readonly string[], path = '/v1/messages', method = 'POST', version = '1.1') =>
  [`${method} ${path} HTTP/${version}`, 'host: x', ...lines, '', ''].join('\r\n')
const withKey = 'x-api-key: secret'
const whole = `${head([withKey, 'connection: close', 'content-length: 2'])}{}`
const statusOf = (reply: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(reply)?.[1])
const bodyOf = (reply: string) => JSON.parse(reply.slice(reply.indexOf('\r\n\r\n') + 4))

describe('bodies', () => {
  const mostBytes = 10 * 1024 * 1024
  const json = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`

  test('10 MB is a body, and reaches the core as it came', async () => {
    const { asked, port } = await listening()
    const body = json(mostBytes)
    const reply = await send(port, head([withKey, 'connection: close', `content-length: ${body.length}`]) + body)
    expect(statusOf(reply)).toBe(200)
    expect(asked[0]!.body.length).toBe(mostBytes)
  })

  test.each([
    ['announced', (body: string) => head([withKey, `content-length: ${body.length}`]) + body],
    [
      'in chunks',
      (body: string) =>
        `${head([withKey, 'transfer-encoding: chunked'])}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('one byte more is 413, and whoever sends it all the same hears so: %s', async (_how, write) => {
    const { asked, port } = await listening()
    const reply = await send(port, write(json(mostBytes + 1)))
    expect(statusOf(reply)).toBe(413)
    expect(bodyOf(reply)).toMatchObject({ type: 'error', error: { type: 'request_too_large' } })
    expect(asked).toEqual([])
  })

  test.each([
    ['not JSON', '{"a"', 400],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400],
    ['no object', '[]', 400],
    ['nothing', '', 400],
  ])('%s is 400', async (_what, body, status) => {
    const { asked, port } = await listening()
    const about = head([withKey, 'connection: close', `content-length: ${body.length}`])
    const reply = await send(port, Buffer.concat([Buffer.from(about), Buffer.from(body)]))
    expect(statusOf(reply)).toBe(status)
    expect(bodyOf(reply).error.type).toBe('invalid_request_error')
    expect(asked).toEqual([])
  })

  test('a compressed one is 415', async () => {
    const { port } = await listening()
    const reply = await send(
      port,
      `${head([withKey, 'connection: close', 'content-encoding: gzip', 'content-length: 2'])}{}`,
    )
    expect(statusOf(reply)).toBe(415)
  })

  test('all of them together have a bound, and room is given back', async () => {
    const release = Promise.withResolvers<void>()
    const { port } = await listening({ bodyBytes: 1_000, bufferedBytes: 1_500 }, async (_, client) => {
      await release.promise
      await hello(client)
    })
    const body = json(1_000)
    const request = head([withKey, 'connection: close', 'content-length: 1000']) + body
    const first = send(port, request)
    const second = await send(port, request)
    expect(statusOf(second)).toBe(503)
    expect(second).toMatch(/retry-after: 1/i)
    expect(bodyOf(second).error.type).toBe('overloaded_error')
    release.resolve()
    expect(statusOf(await first)).toBe(200)
    expect(statusOf(await send(port, request))).toBe(200)
  })
})

describe('slowness', () => {
  const drip = (socket: Socket, text: string) => {
    let sent = 0
    const dripping = setInterval(() => sent < text.length && socket.write(text[sent++]!), 20)
    socket.on('close', () => clearInterval(dripping))
  }

  test('a body that comes byte by byte is 408 when its time is over, in the caller’s protocol', async () => {
    const { asked, port } = await listening({ requestMs: 300, headersMs: 200 })
    const socket = open(port)
    socket.write(head([withKey, 'content-length: 1000']))
    drip(socket, 'x'.repeat(1_000))
    const reply = await answer(socket)
    expect(statusOf(reply)).toBe(408)
    expect(bodyOf(reply)).toEqual({ type: 'error', error: { type: 'timeout_error', message: expect.any(String) } })
    expect(asked).toEqual([])
  })

  test('so are headers', async () => {
    const { port } = await listening({ requestMs: 300, headersMs: 200 })
    const socket = open(port)
    drip(socket, head([withKey, `x-long: ${'x'.repeat(1_000)}`]))
    expect(statusOf(await answer(socket))).toBe(408)
  })

  test('a reply may take longer than a request', async () => {
    const { port } = await listening({ requestMs: 200, headersMs: 200 }, async (_, client) => {
      await new Promise(resolve => setTimeout(resolve, 600))
      await hello(client)
    })
    expect(statusOf(await send(port, whole))).toBe(200)
  })

  test('a thousand idle connections are no harm, and end', async () => {
    const { port } = await listening({ headersMs: 500, requestMs: 1_000 })
    // In portions that the kernel's queue holds.
    for (let opened = 0; opened < 1_000; opened += 100)
      await Promise.all(Array.from({ length: 100 }, () => once(open(port).resume(), 'connect')))
    expect(statusOf(await send(port, whole))).toBe(200)
    await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: 10_000 })
  }, 20_000)

  test('a connection that idles between two requests ends', async () => {
    const { port } = await listening({ keepAliveMs: 100 })
    const reply = await send(port, `${head([withKey, 'content-length: 2'])}{}`)
    expect(statusOf(reply)).toBe(200)
  })

  test('a caller who takes nothing of its reply counts as gone', async () => {
    const gone = Promise.withResolvers<unknown>()
    const { port } = await listening({ stalledMs: 100 }, async (_, client) => {
      client.begin(200, {})
      for (;;)
        await client.write(new Uint8Array(64 * 1024)).catch(error => gone.resolve(error) ?? Promise.reject(error))
    })
    const socket = open(port)
    socket.pause()
    socket.write(`${head([withKey, 'content-length: 2'])}{}`)
    expect(await gone.promise).toMatchObject({ message: 'the client has left' })
  })
})

describe('numbers', () => {
  test('more requests than the limit get 503 with Retry-After', async () => {
    const release = Promise.withResolvers<void>()
    const { asked, port } = await listening({ requests: 2 }, async (_, client) => {
      await release.promise
      await hello(client)
    })
    const running = [send(port, whole), send(port, whole)]
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    const reply = await send(port, whole)
    expect(statusOf(reply)).toBe(503)
    expect(reply).toMatch(/retry-after: 1/i)
    release.resolve()
    for (const reply of await Promise.all(running)) expect(statusOf(reply)).toBe(200)
  })

  test('more connections than the limit are closed at once', async () => {
    const { port } = await listening({ connections: 2 })
    const first = [open(port), open(port)]
    await Promise.all(first.map(socket => once(socket, 'connect')))
    expect(await send(port, whole)).toBe('')
    first[0]!.destroy()
    await vi.waitFor(async () => expect(statusOf(await send(port, whole))).toBe(200))
  })
})

describe('keys', () => {
  test.each([
    ['none', []],
    ['a wrong one', ['x-api-key: secreT']],
    ['an empty one', ['x-api-key:', 'authorization: Bearer']],
    ['a part of it', ['x-api-key: secre']],
    ['two', ['x-api-key: wrong', 'x-api-key: secret']],
    ['another scheme', ['authorization: Basic secret']],
    ['the bare key', ['authorization: secret']],
  ])('%s is 401, before anything of the body is read', async (_what, lines) => {
    const { asked, port } = await listening()
    const reply = await send(port, head([...lines, 'connection: close', 'content-length: 999999']), /\}\}$/)
    expect(statusOf(reply)).toBe(401)
    expect(bodyOf(reply)).toMatchObject({ error: { type: 'authentication_error' } })
    expect(reply).not.toContain('secre')
    expect(asked).toEqual([])
  })
})

describe('what HTTP forbids', () => {
  const chunked = 'transfer-encoding: chunked'
  const smuggled = `0\r\n\r\n${whole}`
  test.each([
    ['a length and chunks', [withKey, `content-length: ${smuggled.length}`, chunked], smuggled],
    ['chunks and a length', [withKey, chunked, 'content-length: 4'], smuggled],
    ['two lengths', [withKey, 'content-length: 2', 'content-length: 60'], '{}'],
    ['a length that is none', [withKey, 'content-length: +2'], '{}'],
    ['an unknown coding', [withKey, 'transfer-encoding: xchunked'], smuggled],
    ['a coding after chunks', [withKey, 'transfer-encoding: chunked, identity'], smuggled],
    ['a space before the colon', [withKey, 'content-length : 2'], '{}'],
    ['a folded header', [withKey, 'x-folded: a', ' b', 'content-length: 2'], '{}'],
    ['a control character', [withKey, 'x-bad: a\0b', 'content-length: 2'], '{}'],
    ['a chunk that is too long', [withKey, chunked], `2\r\n{}}}\r\n${smuggled}`],
  ])('%s is 400, once, and nothing behind it is read', async (_what, lines, body) => {
    const { asked, port } = await listening()
    const reply = await send(port, head(lines) + body)
    expect(statusOf(reply)).toBe(400)
    expect(reply.match(/^HTTP/gm)).toHaveLength(1)
    expect(asked).toEqual([])
  })

  test('nor is a request without a host, or with a line end that is none', async () => {
    const { asked, port } = await listening()
    for (const text of [
      `POST /v1/messages HTTP/1.1\r\n${withKey}\r\ncontent-length: 2\r\n\r\n{}`,
      `POST /v1/messages HTTP/1.1\nhost: x\n${withKey}\ncontent-length: 2\n\n{}`,
    ])
      expect(statusOf(await send(port, text))).toBe(400)
    expect(asked).toEqual([])
  })

  test('headers of 64 KB are 431', async () => {
    const { asked, port } = await listening()
    const reply = await send(port, head([withKey, `x-long: ${'x'.repeat(64 * 1024)}`, 'content-length: 2']))
    expect(statusOf(reply)).toBe(431)
    expect(asked).toEqual([])
  })

  test('a request in flight whose connection turns out to be nonsense has lost its client', async () => {
    const left = Promise.withResolvers<void>()
    const { port } = await listening({}, async (_, { signal }) => {
      if (signal.aborted) left.resolve()
      signal.addEventListener('abort', () => left.resolve())
      await left.promise
    })
    await send(port, `${head([withKey, 'content-length: 2'])}{}NONSENSE\r\n\r\n`)
    await left.promise
  })

  test('nonsense behind a request that is in flight is not answered in its place', async () => {
    const { port } = await listening({}, () => new Promise(() => {}))
    expect(await send(port, `${head([withKey, 'content-length: 2'])}{}NONSENSE\r\n\r\n`)).toBe('')
  })
})

test('requests that are sent without waiting are answered in their order', async () => {
  const { port } = await listening({}, async ({ session }, client) => {
    if (session === 'first') await new Promise(resolve => setTimeout(resolve, 100))
    client.begin(200, { 'content-type': 'text/plain' })
    await client.write(Buffer.from(session))
    client.end()
  })
  const named = (session: string, ...lines: string[]) =>
    `${head([withKey, `x-session-id: ${session}`, 'content-length: 2', ...lines])}{}`
  const replies = await send(port, named('first') + named('second', 'connection: close'))
  expect(replies.match(/first|second/g)).toEqual(['first', 'second'])
})

describe('addresses and methods', () => {
  test.each([
    'http://elsewhere.example/v1/messages',
    '//elsewhere.example/v1/messages',
    '/v1/messages/',
    '/v1//messages',
    '/v1/./messages',
    '/v1/x/../messages',
    '/V1/messages',
    '/v1/%6dessages',
    '/v1/messages#x',
    '/v1/messages;x',
    '/v1/models',
    '/admin/providers',
    '/metrics',
    '*',
  ])('%s is no endpoint', async path => {
    const { asked, port } = await listening()
    const reply = await send(port, `${head([withKey, 'connection: close', 'content-length: 2'], path)}{}`)
    expect([400, 404]).toContain(statusOf(reply))
    expect(asked).toEqual([])
  })

  test.each([
    ['GET', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['OPTIONS', 405],
    ['TRACE', 405],
    ['HEAD', 405],
    ['CONNECT', 405],
    ['FROB', 400],
    ['post', 400],
  ])('%s is %i', async (method, status) => {
    const { asked, port } = await listening()
    const reply = await send(port, head([withKey, 'connection: close'], '/v1/messages', method))
    expect(statusOf(reply)).toBe(status)
    if (status === 405 && method !== 'CONNECT') expect(reply).toMatch(/^allow: POST\r$/im)
    expect(asked).toEqual([])
  })

  test('a query is passed over, and an upgrade is not taken', async () => {
    const { asked, port } = await listening()
    const lines = [withKey, 'connection: close, upgrade', 'upgrade: websocket', 'content-length: 2']
    expect(statusOf(await send(port, `${head(lines, '/v1/messages?url=http://elsewhere.example')}{}`))).toBe(200)
    expect(asked).toHaveLength(1)
  })
})

describe('Expect', () => {
  test('a caller is told to go on only when it may', async () => {
    const { asked, port } = await listening()
    const expecting = (key: string) => head([key, 'expect: 100-continue', 'connection: close', 'content-length: 2'])
    const refused = await send(port, expecting('x-api-key: wrong'), /\}\}$/)
    expect(statusOf(refused)).toBe(401)
    expect(refused).not.toContain('100 Continue')

    const socket = open(port)
    socket.write(expecting(withKey))
    expect(await answer(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 Continue/)
    socket.write('{}')
    expect(await answer(socket)).toContain('HTTP/1.1 200')
    expect(asked).toHaveLength(1)
  })

  test('anything else that is expected is 417', async () => {
    const { port } = await listening()
    expect(
      statusOf(await send(port, `${head([withKey, 'expect: tea', 'connection: close', 'content-length: 2'])}{}`)),
    ).toBe(417)
  })
})

describe('HTTP/1.0', () => {
  test('is answered, and the end of the connection is the end of the reply', async () => {
    const { port } = await listening()
    const reply = await send(port, `${head([withKey, 'content-length: 2'], '/v1/messages', 'POST', '1.0')}{}`)
    expect(statusOf(reply)).toBe(200)
    expect(bodyOf(reply)).toEqual({ hello: 1 })
    expect(reply).not.toMatch(/transfer-encoding/i)
  })

  test('sees a cut as a reset, since it could not tell it from an end', async () => {
    const { port } = await listening({}, async (_, client) => {
      client.begin(200, {})
      await client.write(new TextEncoder().encode('data: {}\n\n'))
      client.cut()
    })
    const socket = open(port)
    const failed = new Promise(resolve => socket.once('error', resolve))
    socket.write(`${head([withKey, 'content-length: 2'], '/v1/messages', 'POST', '1.0')}{}`)
    expect(await failed).toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('request ids', () => {
  const idOf = (reply: string) => /^x-request-id: (.*)\r$/im.exec(reply)?.[1]
  const named = (id: string) => `${head([withKey, `x-request-id: ${id}`, 'connection: close', 'content-length: 2'])}{}`

  test('a caller’s own is kept and returned, on errors too', async () => {
    const { asked, port } = await listening()
    expect(idOf(await send(port, named('abc-123_x.y:z')))).toBe('abc-123_x.y:z')
    expect(asked[0]!.id).toBe('abc-123_x.y:z')
    expect(idOf(await send(port, named('e1').replace('secret', 'wrong')))).toBe('e1')
  })

  test.each(['', 'a b', '"x"', '../x', 'ü', 'x'.repeat(129)])(
    'one that a log cannot carry (%s) is replaced',
    async id => {
      const { asked, port } = await listening()
      const reply = await send(port, named(id))
      expect(idOf(reply)).toBe(asked[0]!.id)
      expect(asked[0]!.id).toMatch(/^[\w-]{36}$/)
    },
  )

  test('one that is in flight already is replaced: two requests are never one', async () => {
    const release = Promise.withResolvers<void>()
    const { asked, port } = await listening({}, async (_, client) => {
      await release.promise
      await hello(client)
    })
    const both = [send(port, named('same')), send(port, named('same'))]
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    release.resolve()
    expect(new Set((await Promise.all(both)).map(idOf)).size).toBe(2)
  })
})
