import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Event } from '../../../history.ts'
import type { AskStep } from '../../../plan.ts'
import { readAsked } from '../../../providers/asked.ts'
import { shapes } from '../../../providers/shapes.ts'
import { hostNow } from '../part.ts'
import { playLoad } from './client.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function target(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ask = (request: string, more: Partial<AskStep> = {}): AskStep => ({
  do: 'ask',
  at: 0,
  via: 0,
  request,
  session: `session of ${request}`,
  shape: 'openai',
  stream: true,
  ...more,
})
const whole = shapes.openai.streamed(['hello']).join('')

async function played(asks: AskStep[], targets: string[], more: { signal?: AbortSignal; deadlineMs?: number } = {}) {
  const events: Event[] = []
  const signal = new AbortController().signal
  const emit = (event: Event) => void events.push(event)
  await playLoad({ asks, targets, origin: hostNow(), key: 'the key', emit, signal, ...more })
  return events
}

/** How each request ended. */
const ends = (events: Event[]) => events.filter(event => event.kind === 'client-ended')
const endOf = async (listener: RequestListener, more: Partial<AskStep> = {}) =>
  ends(await played([ask('r1', more)], [await target(listener)]))[0]!

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of incoming) body += chunk
  return body
}

test('a request says who it is, and its way is told from the plan to the end', async () => {
  const seen: unknown[] = []
  const url = await target(async (incoming, outgoing) => {
    const { url: path, headers, method } = incoming
    seen.push({
      method,
      key: headers['x-api-key'],
      id: headers['x-request-id'],
      asked: readAsked(path!, await bodyOf(incoming)),
    })
    outgoing.end(whole)
  })
  const events = await played([ask('r1')], [url])
  const asked = { request: 'r1', session: 'session of r1', shape: 'openai', stream: true }
  expect(seen).toEqual([{ method: 'POST', key: 'the key', id: 'r1', asked }])
  expect(events).toMatchObject([
    { from: 'client', kind: 'client-sent', ...asked },
    { kind: 'client-first-byte', request: 'r1', status: 200 },
    { kind: 'client-ended', request: 'r1', outcome: 'complete', status: 200, bytes: whole.length },
    { kind: 'generator', planned: 1, sent: 1, dropped: 0, latenessP50Ms: expect.any(Number) },
  ])
})

test('a request goes to the instance that the plan names', async () => {
  const counts = [0, 0]
  const targets = await Promise.all(
    counts.map((_, n) =>
      target((_, outgoing) => {
        counts[n]!++
        outgoing.end(whole)
      }),
    ),
  )
  await played(
    Array.from({ length: 6 }, (_, n) => ask(`r${n}`, { via: n % 2 })),
    targets,
  )
  expect(counts).toEqual([3, 3])
})

test('nobody waits for anybody: the first is answered after all others have come', async () => {
  const held: ServerResponse[] = []
  const url = await target((_, outgoing) => {
    if (held.push(outgoing) === 40) for (const one of held) one.end(whole)
  })
  const events = await played(
    Array.from({ length: 40 }, (_, n) => ask(`r${n}`)),
    [url],
  )
  expect(ends(events).map(({ outcome }) => outcome)).toEqual(Array(40).fill('complete'))
})

test.each([
  ['an honest error', 'answered', 503, (_: unknown, outgoing: ServerResponse) => outgoing.writeHead(503).end('{}')],
  [
    'an honest error without a body',
    'answered',
    429,
    (_: unknown, outgoing: ServerResponse) => outgoing.writeHead(429).end(),
  ],
  [
    'a stream without its terminator',
    'broken',
    200,
    (_: unknown, outgoing: ServerResponse) => outgoing.end('data: {}\n\n'),
  ],
  ['an empty answer', 'broken', 200, (_: unknown, outgoing: ServerResponse) => outgoing.end()],
  ['a reset', 'broken', 0, (_: unknown, outgoing: ServerResponse) => outgoing.destroy()],
  ['a cut', 'broken', 200, (_: unknown, outgoing: ServerResponse) => outgoing.write(whole, () => outgoing.destroy())],
])('%s is %s', async (_, outcome, status, listener) => {
  expect(await endOf(listener)).toMatchObject({ outcome, status })
})

test('a plain answer is whole when it is JSON', async () => {
  const good = shapes.openai.plain(['hello'])
  expect((await endOf((_, outgoing) => outgoing.end(good), { stream: false })).outcome).toBe('complete')
  expect((await endOf((_, outgoing) => outgoing.end(whole), { stream: false })).outcome).toBe('broken')
})

test('nobody listens: broken', async () => {
  const url = await target(() => {})
  servers.pop()!.close()
  expect(ends(await played([ask('r1')], [url]))).toMatchObject([{ outcome: 'broken', status: 0 }])
})

test('a request that takes longer than its deadline is given up', async () => {
  const url = await target((_, outgoing) => outgoing.write('data: {}\n\n'))
  const [end] = ends(await played([ask('r1')], [url], { deadlineMs: 20 }))
  expect(end).toMatchObject({ outcome: 'broken', because: 'not ended within 20 ms' })
})

test.each([
  ['send', (_: unknown, _outgoing: ServerResponse) => {}, 0],
  ['first-byte', (_: unknown, outgoing: ServerResponse) => outgoing.write('data: {}\n\n'), 200],
] as const)(
  'a client that leaves after the %s has aborted, and its connection is gone',
  async (after, listener, status) => {
    const closed: Promise<unknown>[] = []
    const url = await target((incoming, outgoing) => {
      closed.push(once(outgoing, 'close'))
      listener(incoming, outgoing)
    })
    const [end] = ends(await played([ask('r1', { leaves: { after, ms: 100 } })], [url]))
    expect(end).toMatchObject({ outcome: 'aborted', status })
    await Promise.all(closed)
    expect(closed).toHaveLength(1)
  },
)

test('a client that would leave later than its answer ends stays', async () => {
  const url = await target((_, outgoing) => outgoing.end(whole))
  const [end] = ends(await played([ask('r1', { leaves: { after: 'send', ms: 30_000 } })], [url]))
  expect(end).toMatchObject({ outcome: 'complete' })
})

test('interrupted: what is under way is aborted, what has not left is dropped, and it is over', async () => {
  const leaving = new AbortController()
  const url = await target((_, outgoing) => outgoing.write('data: {}\n\n', () => leaving.abort()))
  const events = await played([ask('r1'), ask('r2', { at: 3_600_000 })], [url], { signal: leaving.signal })
  expect(ends(events)).toMatchObject([{ request: 'r1', outcome: 'aborted' }])
  expect(events.filter(({ kind }) => kind === 'client-dropped')).toMatchObject([{ request: 'r2' }])
  expect(events.at(-1)).toMatchObject({ kind: 'generator', planned: 2, sent: 1, dropped: 1 })
})
