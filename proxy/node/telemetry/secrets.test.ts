/** A storm of every kind of request, and then a search of all that was written and said: no key, no body, no session name. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { request as call } from 'undici'
import { expect, test, vi } from 'vitest'
import { type Asked, bodyOf, pathOf } from '../../../sim/providers/asked.ts'
import type { Behaviour } from '../../../sim/providers/model.ts'
import { openOneProxy } from '../../../sim/worlds/live/one-proxy.ts'
import { createLog } from './log.ts'

const secrets = {
  caller: 'caller-key-5Qx',
  wrong: 'wrong-key-7Rz',
  provider: 'provider-key-9Ty',
  admin: 'admin-key-3Wv',
  session: 'alice@example.com',
  body: 'a very private question',
}

const behaviours: Behaviour[] = [
  { kind: 'healthy' },
  ...[400, 401, 403, 404, 429, 500, 502, 529].map((status): Behaviour => ({ kind: 'error', status, afterMs: 1 })),
  { kind: 'nonsense' },
  { kind: 'cut', afterChunks: 0 },
  { kind: 'cut', afterChunks: 2 },
]

test('neither logs nor metrics nor the admin listener nor a reply hold what is nobody’s business', async () => {
  const lines: string[] = []
  const log = createLog({
    level: 'debug',
    instance: 'p1',
    now: () => performance.now(),
    to: { write: line => void lines.push(line) },
  })
  const seen: IncomingHttpHeaders[] = []
  // A provider that says again whatever it is told.
  const echo = createServer(({ headers }, outgoing) => {
    seen.push(headers)
    const own = {
      'x-echo': JSON.stringify(headers),
      'set-cookie': 'a=b',
      'www-authenticate': String(headers.authorization),
    }
    outgoing.writeHead(500, { 'content-type': 'application/json', ...own }).end('{"error":{"message":"no"}}')
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = await openOneProxy({
    providers: [
      { id: 'echo', baseUrl: `http://127.0.0.1:${(echo.address() as AddressInfo).port}`, limit: 1_000, breaker: never },
      { id: 'alpha', limit: 1_000, breaker: never },
      { id: 'nobody', baseUrl: 'http://127.0.0.1:1', limit: 1_000, breaker: never },
    ],
    instance: {
      keys: [secrets.caller],
      providerKeys: new Map(['echo', 'alpha', 'nobody'].map(id => [id, { key: secrets.provider }])),
      admin: { host: '127.0.0.1', port: 0, key: secrets.admin },
      log,
    },
  })
  const said: string[] = []
  const hear = async (reply: Awaited<ReturnType<typeof call>>) => {
    said.push(JSON.stringify(reply.headers), await reply.body.text().catch(() => ''))
  }
  let sent = 0
  const ask = (asked: Partial<Asked>, headers: Record<string, string> = {}) => {
    const whole: Asked = {
      request: `${secrets.body} ${sent++}`,
      session: secrets.session,
      shape: 'openai',
      stream: true,
      ...asked,
    }
    return call(proxy.url + pathOf[whole.shape], {
      method: 'POST',
      body: bodyOf(whole),
      headers: { authorization: `Bearer ${secrets.caller}`, cookie: `key=${secrets.caller}`, ...headers },
    })
  }

  for (const behaviour of behaviours) {
    const undo = proxy.served.behaviours('alpha').behave(behaviour)
    for (const shape of ['anthropic', 'openai'] as const)
      for (const stream of [true, false]) await hear(await ask({ shape, stream }))
    undo()
  }
  await hear(await ask({}, { authorization: `Bearer ${secrets.wrong}` }))
  await hear(await ask({}, { 'x-api-key': secrets.wrong }))
  await hear(await ask({}, { 'x-session-id': 'x'.repeat(999) }))
  await hear(
    await call(proxy.url + pathOf.openai, {
      method: 'POST',
      body: `{"${secrets.body}`,
      headers: { 'x-api-key': secrets.caller },
    }),
  )
  const comeBack = proxy.store.goAway()
  await hear(await ask({}))
  comeBack()
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  socket.end(
    `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${secrets.caller}\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n${secrets.body}`,
  )
  said.push(String((await once(socket, 'data'))[0]))
  for (const path of ['/metrics', '/admin/providers', '/readyz', '/nowhere'])
    await hear(await call(proxy.adminUrl + path, { headers: { authorization: `Bearer ${secrets.admin}` } }))
  await vi.waitFor(() => expect(proxy.sessionsAt('alpha')).toEqual([]))
  await proxy[Symbol.asyncDispose]()
  echo.close()
  echo.closeAllConnections()

  const written = lines.join('')
  expect(lines.filter(line => line.includes('"msg":"request"')).length).toBe(sent - 3)
  expect(written).toContain('store trouble')
  for (const secret of Object.values(secrets)) expect(written).not.toContain(secret)
  const answers = said.join('\n')
  expect(answers).toContain('stormproof_requests_total')
  for (const secret of [secrets.caller, secrets.wrong, secrets.provider, secrets.admin])
    expect(answers).not.toContain(secret)
  // What went up carried the provider's key, and nothing of the caller's but the body.
  expect(seen.length).toBeGreaterThan(behaviours.length)
  const up = JSON.stringify(seen)
  expect(up).toContain(secrets.provider)
  for (const secret of [secrets.caller, secrets.wrong, 'cookie']) expect(up).not.toContain(secret)
})

const never = { failures: 0, windowMs: 1, openMs: 1, probes: 1 }
