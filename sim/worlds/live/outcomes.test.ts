/** Every behaviour of a provider on real sockets: what a real proxy makes of it is the same as in virtual time. */
import { request as call } from 'undici'
import { expect, test } from 'vitest'
import { bodyOf, pathOf } from '../../providers/asked.ts'
import { type Outcome, outcomes } from '../../providers/outcomes.ts'
import { openOneProxy } from './one-proxy.ts'

const patience = { firstByteMs: 400, idleMs: 200 }
const asks = (['anthropic', 'openai'] as const).flatMap((shape, n) =>
  [true, false].map((stream, m) => ({ request: `r${n}${m}`, session: `s${n}${m}`, shape, stream })),
)

test.each(Object.entries<Outcome>(outcomes))('%s', async (_name, { behaviour, failure, begun }) => {
  await using proxy = await openOneProxy({
    providers: [
      { id: 'alpha', ...patience },
      { id: 'beta', ...patience },
    ],
    instance: { keys: ['k'] },
  })
  const undo = await proxy.served.behave('alpha', behaviour)
  const heard = await Promise.all(
    asks.map(async ask => {
      const { statusCode, body } = await call(proxy.url + pathOf[ask.shape], {
        method: 'POST',
        headers: { 'x-api-key': 'k', 'x-request-id': ask.request, 'content-type': 'application/json' },
        body: bodyOf(ask),
      })
      const text = await body.text().catch(() => undefined)
      return text === undefined ? 'broken' : statusCode < 300 ? 'complete' : 'answered'
    }),
  )
  // After a 429 alpha may not be asked again for a while.
  const ended = proxy.told.filter(event => event.kind === 'attempt-ended').filter(event => event.provider === 'alpha')
  expect(ended.length).toBeGreaterThan(0)
  for (const event of ended) expect(event.failure).toBe(failure)
  const seen = asks.map(({ stream }) =>
    begun && stream ? 'broken' : failure === 'client-error' ? 'answered' : 'complete',
  )
  expect(heard).toEqual(seen)
  const began = proxy.seen.filter(({ kind, provider }) => kind === 'provider-began' && provider === 'alpha')
  expect(began).toHaveLength(behaviour.kind === 'refuses' ? 0 : ended.length)
  expect(proxy.sessionsAt('alpha')).toEqual([])
  await undo()
})

test('who refuses is knocked at, counts it, and listens again at the same address', async () => {
  await using proxy = await openOneProxy({ providers: [{ id: 'alpha' }], instance: { keys: ['k'] } })
  const { behave, behaviours, ports } = proxy.served
  const address = `http://127.0.0.1:${ports.alpha}/`
  const undo = await behave('alpha', { kind: 'refuses' })
  await expect(call(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await expect.poll(() => behaviours('alpha').counts().refuses).toBeGreaterThan(0)
  await undo()
  const { statusCode, body } = await call(address)
  await body.dump()
  expect(statusCode).toBe(404)
})
