import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ProxyCore } from '../handle.ts'
import type { Client, ProxyRequest } from '../request.ts'
import type { ServerLimits } from './server/limits.ts'
import { serve } from './server.ts'

let server: Server
const reported: unknown[] = []
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

/** A server whose core answers by `handle`, and what it was asked. */
async function listening(
  handle: (request: ProxyRequest, client: Client) => Promise<void> = ok,
  limits: Partial<ServerLimits> = { bodyBytes: 10_000 },
) {
  const asked: ProxyRequest[] = []
  const core = {
    handle: async (request: ProxyRequest, client: Client) => {
      asked.push(request)
      await handle(request, client)
    },
  } as ProxyCore
  reported.length = 0
  server = serve(core, { keys: ['secret', 'other'], limits, report: error => void reported.push(error) }).server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers: { 'x-api-key': 'secret', ...headers } })
  return { asked, post, port }
}

async function ok(_request: ProxyRequest, client: Client) {
  client.begin(200, { 'content-type': 'application/json' })
  await client.write(new TextEncoder().encode('{}'))
  client.end()
}

describe('a request reaches the core', () => {
  test('with its shape, its stream flag, its body as it came, and no key', async () => {
    const { asked, post } = await listening()
    const body = '{ "stream": true, "metadata": {"user_id": "s1"}, "extra": [1] }'
    const reply = await post('/v1/messages?beta=1', body, {
      'anthropic-version': '2023-06-01',
      cookie: 'c',
      'x-request-id': 'r1',
    })
    expect(reply.status).toBe(200)
    expect(asked[0]).toMatchObject({ id: 'r1', session: 's1', shape: 'anthropic', stream: true })
    expect(Buffer.from(asked[0]!.body).toString()).toBe(body)
    expect(asked[0]!.headers).toMatchObject({ 'anthropic-version': '2023-06-01' })
    expect(Object.keys(asked[0]!.headers)).not.toContain('cookie')
    expect(JSON.stringify(asked[0]!.headers)).not.toContain('secret')
  })
  test('under the session that its header, its metadata or its user names, else one of its own', async () => {
    const { asked, post } = await listening()
    await post('/v1/chat/completions', '{"user":"u"}', { 'x-session-id': 'h' })
    await post('/v1/chat/completions', '{"user":"u"}')
    await post('/v1/chat/completions', '{}', { 'x-request-id': 'r3' })
    expect(asked.map(({ session }) => session)).toEqual(['h', 'u', 'r3'])
  })
  test('by either way of presenting a key', async () => {
    const { post } = await listening()
    expect((await post('/v1/messages', '{}', { 'x-api-key': 'other' })).status).toBe(200)
    expect((await post('/v1/messages', '{}', { 'x-api-key': '', authorization: 'Bearer secret' })).status).toBe(200)
  })
})

describe('what is wrong is answered in the caller’s protocol, and reaches no provider', () => {
  test.each<[string, string, string, Record<string, string>, number]>([
    ['a wrong key', '/v1/messages', '{}', { 'x-api-key': 'wrong' }, 401],
    ['no JSON', '/v1/messages', '{"a"', {}, 400],
    ['JSON of another form', '/v1/messages', '{"stream":"yes"}', {}, 400],
    ['a body that is too large', '/v1/messages', JSON.stringify({ user: 'x'.repeat(20_000) }), {}, 413],
    ['a session name that is too long', '/v1/chat/completions', JSON.stringify({ user: 'x'.repeat(300) }), {}, 400],
    ['another endpoint', '/v1/models', '{}', {}, 404],
  ])('%s', async (_what, path, body, headers, status) => {
    const { asked, post } = await listening()
    const reply = await post(path, body, headers)
    expect(reply.status).toBe(status)
    const error = (await reply.json()) as { type?: string; error: { message: string } }
    expect(error.error.message).toMatch(/\w/)
    if (path === '/v1/messages') expect(error.type).toBe('error')
    expect(asked).toEqual([])
  })
})

test('what should not happen is 500 without a word of it, and is reported', async () => {
  const { post } = await listening(() => Promise.reject(new Error('the secret is 42')))
  const reply = await post('/v1/messages', '{}')
  expect(reply.status).toBe(500)
  expect(await reply.text()).not.toContain('42')
  expect(reported).toMatchObject([{ message: 'the secret is 42' }])
})

test('a cut is a broken reply, never a clean end', async () => {
  const { post } = await listening(async (_request, client) => {
    client.begin(200, { 'content-type': 'text/event-stream' })
    await client.write(new TextEncoder().encode('data: {}\n\n'))
    client.cut()
  })
  const reply = await post('/v1/messages', '{}')
  await expect(reply.text()).rejects.toThrow()
})

test('a client that leaves fires its signal, and a write to it rejects', async () => {
  const left = Promise.withResolvers<void>()
  const rejected = Promise.withResolvers<unknown>()
  const { port } = await listening(async (_request, client) => {
    client.begin(200, {})
    await client.write(new Uint8Array([1]))
    client.signal.addEventListener('abort', () => left.resolve(), { once: true })
    await left.promise
    rejected.resolve(await client.write(new Uint8Array([2])).catch(error => error))
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: secret\r\ncontent-length: 2\r\n\r\n{}')
  await once(socket, 'data')
  socket.destroy()
  await left.promise
  expect(await rejected.promise).toBeInstanceOf(Error)
})

test('a slow client holds its provider back', async () => {
  let written = 0
  const over = Promise.withResolvers<void>()
  const { port } = await listening(async (_request, client) => {
    client.begin(200, {})
    try {
      for (; written < 5_000; written++) await client.write(new Uint8Array(64 * 1024))
    } catch {
      over.resolve()
    }
  })
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: secret\r\ncontent-length: 2\r\n\r\n{}')
  // The write that waits for the client is the last one until the client takes something, and it never does.
  for (let before = -1; before !== written || written === 0; ) {
    before = written
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
  }
  expect(written).toBeLessThan(5_000)
  socket.destroy()
  await over.promise
})
