import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ProxyState } from '../handle.ts'
import { readinessOf } from './admin/readiness.ts'
import { adminRoutes } from './admin/routes.ts'
import { serveAdmin } from './admin.ts'
import { watchStore } from './watched-store.ts'

let server: Server
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

async function open({
  key,
  away = false,
  draining = false,
}: {
  key?: string
  away?: boolean
  draining?: boolean
} = {}) {
  const done: unknown[] = []
  const limits = new Map([['alpha', 5]])
  const state = (): ProxyState => ({
    draining,
    requestsInFlight: 0,
    providers: [...limits].map(([id, limit]) => ({
      id,
      limit,
      inFlight: 1,
      held: 1,
      unleased: 0,
      breaker: 'closed',
      storeAway: false,
    })),
    outbox: { count: 0, oldestMs: 0, dropped: 0 },
  })
  const routes = adminRoutes({
    core: {
      state,
      counts: async () => {
        if (away) throw new Error('Command timed out')
        return { alpha: 2 }
      },
      terminate: async session => {
        done.push(['terminate', session])
        return { attempts: 3 }
      },
      audit: async provider => {
        done.push(['audit', provider])
        return { scanned: 1, membersRemoved: [], countsMended: ['s:a'] }
      },
      setLimit: (id, limit) => void limits.set(id, limit),
    },
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' },
    readiness: () => readinessOf(draining, 'reached', 'local'),
  })
  server = serveAdmin({ routes, key })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    })
    const text = await reply.text()
    return {
      status: reply.status,
      type: reply.headers.get('content-type'),
      body: text.startsWith('{') ? JSON.parse(text) : text,
    }
  }
  return { ask, done }
}

describe('an operator', () => {
  test('sees whether it lives, whether it is ready, and its metrics', async () => {
    const { ask } = await open()
    expect(await ask('GET', '/healthz')).toMatchObject({ status: 200, body: { alive: true } })
    expect(await ask('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true, store: 'reached' } })
    expect(await ask('GET', '/metrics')).toMatchObject({
      status: 200,
      type: 'text/plain; version=0.0.4',
      body: 'up 1\n',
    })
  })
  test('sees each provider with what the store counts', async () => {
    const { ask } = await open()
    expect((await ask('GET', '/admin/providers')).body).toEqual({
      providers: [
        { id: 'alpha', limit: 5, inFlight: 1, held: 1, unleased: 0, breaker: 'closed', storeAway: false, sessions: 2 },
      ],
    })
  })
  test('changes a limit, and is told the one before', async () => {
    const { ask } = await open()
    const change = await ask('PUT', '/admin/providers/alpha/limit', '{"limit":0}')
    expect(change).toMatchObject({ status: 200, body: { provider: 'alpha', limit: 0, was: 5 } })
    expect((await ask('GET', '/admin/providers')).body.providers[0].limit).toBe(0)
  })
  test.each(['', '7', '{}', '{"limit":-1}', '{"limit":1.5}', '{"limit":"7"}', '{"limit":7,"x":1}', '{"limit"'])(
    'changes no limit by %s',
    async body => {
      const { ask } = await open()
      expect((await ask('PUT', '/admin/providers/alpha/limit', body)).status).toBe(400)
      expect((await ask('GET', '/admin/providers')).body.providers[0].limit).toBe(5)
    },
  )
  test('ends a session by its name, whatever is in it', async () => {
    const { ask, done } = await open()
    const reply = await ask('POST', `/admin/sessions/${encodeURIComponent('a/b #?ü')}/terminate`)
    expect(reply).toMatchObject({ status: 200, body: { attempts: 3 } })
    expect(done).toEqual([['terminate', 'a/b #?ü']])
  })
  test('audits a provider', async () => {
    const { ask, done } = await open()
    expect((await ask('POST', '/admin/providers/alpha/audit')).body).toMatchObject({ countsMended: ['s:a'] })
    expect(done).toEqual([['audit', 'alpha']])
  })
})

describe('what is wrong is said', () => {
  test.each([
    ['GET', '/', 404, 'GET /metrics'],
    ['GET', '/admin/providers/alpha', 404, 'no such path'],
    ['GET', '/v1/messages', 404, 'no such path'],
    ['POST', '/metrics', 405, 'use GET'],
    ['GET', '/admin/providers/alpha/limit', 405, 'use PUT'],
    ['PUT', '/admin/providers/alfa/limit', 404, 'no provider "alfa"; there are alpha'],
    ['POST', '/admin/providers/alfa/audit', 404, 'there are alpha'],
    ['POST', '/admin/sessions/%ff/terminate', 400, 'encoded'],
  ])('%s %s: %i', async (method, path, status, says) => {
    const { ask, done } = await open()
    const reply = await ask(method, path, method === 'PUT' ? '{"limit":1}' : undefined)
    expect(reply.status).toBe(status)
    expect(reply.body.error).toContain(says)
    expect(done).toEqual([])
  })
  test('a store that is away is 503, in its own words', async () => {
    const { ask } = await open({ away: true })
    expect(await ask('GET', '/admin/providers')).toMatchObject({
      status: 503,
      body: { error: 'Error: Command timed out' },
    })
  })
  test('a large body is 413', async () => {
    const { ask } = await open()
    expect((await ask('PUT', '/admin/providers/alpha/limit', ' '.repeat(10_000))).status).toBe(413)
  })
})

describe('who may', () => {
  test('with a key: probes without, everything else with it', async () => {
    const { ask } = await open({ key: 'admin-key' })
    expect((await ask('GET', '/healthz')).status).toBe(200)
    expect((await ask('GET', '/readyz')).status).toBe(200)
    for (const path of ['/metrics', '/admin/providers']) {
      expect((await ask('GET', path)).status).toBe(401)
      expect((await ask('GET', path, undefined, { authorization: 'Bearer wrong' })).status).toBe(401)
      expect((await ask('GET', path, undefined, { authorization: 'Bearer admin-key' })).status).toBe(200)
    }
  })
  test('no web page, wherever it comes from', async () => {
    const { ask, done } = await open()
    expect(
      (await ask('POST', '/admin/sessions/a/terminate', undefined, { origin: 'http://evil.example' })).status,
    ).toBe(403)
    expect((await ask('GET', '/metrics', undefined, { 'sec-fetch-site': 'same-origin' })).status).toBe(403)
    expect((await ask('GET', '/metrics', undefined, { 'sec-fetch-site': 'none' })).status).toBe(200)
    expect(done).toEqual([])
  })
})

test.each([
  [false, 'reached', 'local', true],
  [false, 'away', 'local', true],
  [false, 'away', 'open', true],
  [false, 'away', 'closed', false],
  [false, 'not yet reached', 'open', false],
  [true, 'reached', 'local', false],
] as const)('draining %s, store %s, policy %s: ready %s', (draining, store, policy, ready) =>
  expect(readinessOf(draining, store, policy)).toMatchObject({ ready, store, draining }),
)

test('the store is away while any provider’s node does not answer', async () => {
  let broken = ''
  const script = { name: 's', files: [], keys: 1 }
  const store = watchStore({
    async run(_, [key]) {
      if (broken && key!.includes(broken)) throw new Error('away')
    },
  })
  const [alpha, beta, session] = ['{provider:alpha}:attempts', '{provider:beta}:attempts', '{session:x}']
  expect(store.standing()).toBe('not yet reached')
  await store.run(script, [alpha], [])
  await store.run(script, [beta], [])
  expect(store.standing()).toBe('reached')
  broken = 'beta'
  await store.run(script, [beta], []).catch(() => {})
  await store.run(script, [alpha], [])
  expect(store.standing()).toBe('away')
  broken = 'session'
  await store.run(script, [session], []).catch(() => {})
  await store.run(script, [beta], [])
  expect(store.standing()).toBe('reached')
})
