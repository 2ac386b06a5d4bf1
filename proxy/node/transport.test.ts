import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Provider, type Shape, usualProvider } from '../provider.ts'
import type { ProxyRequest } from '../request.ts'
import { createTransport, type TransportOptions } from './transport.ts'

let server: Server
let transport: ReturnType<typeof createTransport>
afterEach(async () => {
  await transport.close()
  server.close()
  server.closeAllConnections()
})

const request = (shape: Shape = 'anthropic'): ProxyRequest => ({
  id: 'r1',
  session: 's1',
  shape,
  stream: true,
  body: Buffer.from('{"a":1}'),
  headers: { 'anthropic-version': '2023-06-01' },
})

async function open(answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void, options?: TransportOptions) {
  server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  transport = createTransport(options)
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: Provider = { ...usualProvider, id: 'alpha', limit: 1, baseUrl }
  const leaving = new AbortController()
  const send = (shape?: Shape, given = provider) => transport.send(given, request(shape), leaving.signal)
  return { provider, send, leaving }
}

const textOf = async (chunks: AsyncIterable<Uint8Array>) => {
  let text = ''
  for await (const chunk of chunks) text += Buffer.from(chunk).toString()
  return text
}

describe('what goes up', () => {
  test.each<[Shape, 'x-api-key' | 'bearer' | undefined, Record<string, string | undefined>]>([
    ['anthropic', undefined, { 'x-api-key': 'its-key', authorization: undefined }],
    ['openai', undefined, { 'x-api-key': undefined, authorization: 'Bearer its-key' }],
    ['anthropic', 'bearer', { 'x-api-key': undefined, authorization: 'Bearer its-key' }],
    ['openai', 'x-api-key', { 'x-api-key': 'its-key', authorization: undefined }],
  ])('%s with auth %s: the provider’s own key, in its way', async (shape, auth, carries) => {
    const got = Promise.withResolvers<IncomingMessage>()
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      got.resolve(incoming)
      outgoing.end('{}')
    }
    const { send } = await open(answer, { keys: new Map([['alpha', { key: 'its-key', auth }]]) })
    await textOf((await send(shape)).chunks)
    const { headers } = await got.promise
    expect(headers['x-api-key']).toBe(carries['x-api-key'])
    expect(headers.authorization).toBe(carries.authorization)
    expect(headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'accept-encoding': 'identity',
      'content-length': '7',
      'content-type': 'application/json',
    })
  })

  test('the path of the protocol, below whatever path the provider has', async () => {
    const paths: (string | undefined)[] = []
    const { send, provider } = await open((incoming, outgoing) => {
      paths.push(incoming.url)
      outgoing.end('{}')
    })
    for (const below of ['', '/', '/gate', '/gate/'])
      for (const shape of ['anthropic', 'openai'] as const)
        await textOf((await send(shape, { ...provider, id: below, baseUrl: provider.baseUrl + below })).chunks)
    const [messages, chat] = ['/v1/messages', '/v1/chat/completions']
    expect(paths).toEqual([
      messages,
      chat,
      messages,
      chat,
      `/gate${messages}`,
      `/gate${chat}`,
      `/gate${messages}`,
      `/gate${chat}`,
    ])
  })
})

test('what comes down are headers with a meaning for the caller, and none of the hop or the account', async () => {
  const { send } = await open((_, outgoing) => {
    outgoing.writeHead(200, {
      'content-type': 'application/json',
      'retry-after': '7',
      'request-id': 'req_1',
      'x-request-id': 'up_1',
      'anthropic-ratelimit-requests-remaining': '9',
      'x-ratelimit-limit-requests': '10',
      'anthropic-organization-id': 'org',
      'openai-organization': 'org',
      'set-cookie': 'a=b',
      server: 'cloudflare',
      'x-internal': '10.0.0.1',
      via: '1.1 x',
    })
    outgoing.end('{}')
  })
  const { headers, chunks } = await send()
  await textOf(chunks)
  expect(headers).toEqual({
    date: expect.any(String),
    'content-type': 'application/json',
    'retry-after': '7',
    'request-id': 'req_1',
    'x-upstream-request-id': 'up_1',
    'anthropic-ratelimit-requests-remaining': '9',
    'x-ratelimit-limit-requests': '10',
  })
})

test('interim answers are passed over', async () => {
  const { send } = await open((_, outgoing) => {
    outgoing.writeEarlyHints({ link: '</x>; rel=preload' })
    outgoing.end('{}')
  })
  const { status, chunks } = await send()
  expect(status).toBe(200)
  expect(await textOf(chunks)).toBe('{}')
})

test('a caller that takes nothing holds the provider back', async () => {
  let written = 0
  const { send } = await open(async (_, outgoing) => {
    const piece = Buffer.alloc(64 * 1024)
    while (written < 10_000 && !outgoing.destroyed) {
      written++
      if (!outgoing.write(piece)) await new Promise(resolve => outgoing.once('drain', resolve))
    }
  })
  const { chunks } = await send()
  const taking = chunks[Symbol.asyncIterator]()
  await taking.next()
  let before = -1
  await vi.waitFor(() => {
    const stood = written === before
    before = written
    expect(stood).toBe(true)
  })
  expect(written).toBeLessThan(1_000)
  for (let taken = 0; taken < 100; taken++) await taking.next()
  await vi.waitFor(() => expect(written).toBeGreaterThan(before))
  await taking.return?.()
})

describe('the socket closes', () => {
  async function openEndless() {
    const closed = Promise.withResolvers<void>()
    const opened = await open((_, outgoing) => {
      outgoing.on('close', () => closed.resolve())
      outgoing.write('a')
    })
    return { ...opened, closed: closed.promise }
  }
  test('when the caller stops taking', async () => {
    const { send, closed } = await openEndless()
    for await (const _ of (await send()).chunks) break
    await closed
  })
  test('when the signal fires, and what has arrived is dropped', async () => {
    const { send, leaving, closed } = await openEndless()
    const { chunks } = await send()
    const reason = new Error('enough')
    leaving.abort(reason)
    await expect(chunks[Symbol.asyncIterator]().next()).rejects.toBe(reason)
    await closed
  })
  test('and a signal that has fired already starts nothing', async () => {
    const asked = vi.fn()
    const { send, leaving } = await open(asked)
    leaving.abort(new Error('early'))
    await expect(send()).rejects.toThrow('early')
    expect(asked).not.toHaveBeenCalled()
  })
})

test('each call has a socket of its own: two hundred at once wait for nobody', async () => {
  const running: ServerResponse[] = []
  const { send } = await open((_, outgoing) => void running.push(outgoing))
  const calls = Array.from({ length: 200 }, () => send())
  await vi.waitFor(() => expect(running).toHaveLength(200), { timeout: 5_000 })
  for (const outgoing of running) outgoing.end('{}')
  for (const reply of await Promise.all(calls)) await textOf(reply.chunks)
})

test('the watch is told of each call once it begins and once it is over, however it went', async () => {
  const told: string[] = []
  const watch = { began: () => void told.push('began'), over: () => void told.push('over') }
  let how: 'whole' | 'reset' = 'whole'
  const { send } = await open((_, outgoing) => (how === 'whole' ? outgoing.end('{}') : outgoing.destroy()), { watch })
  await textOf((await send()).chunks)
  expect(told).toEqual(['began', 'over'])
  how = 'reset'
  await expect(send()).rejects.toMatchObject({ failure: 'reset' })
  expect(told).toEqual(['began', 'over', 'began', 'over'])
})
