import { expect, test } from 'vitest'
import type { Event } from '../../../history.ts'
import { saturate as load } from '../../../load/index.ts'
import { openOneProxy } from '../one-proxy.ts'
import { hostNow } from '../part.ts'
import { type SaturateOptions, saturate } from './saturate.ts'

test('autocannon’s clients ask again and again, each request told from its send to its end, and then they stop', async () => {
  await using proxy = await openOneProxy({ providers: [{ id: 'alpha', limit: 3 }], instance: { keys: ['k'] } })
  const planned = [...load({ name: 'loop', from: 0, to: 400, clients: 5 }).asks(1)]
  const asks = planned.map((ask, n) => ({
    do: 'ask' as const,
    request: `r${n}`,
    via: 0,
    ...ask,
  })) as SaturateOptions['asks']
  const events: Event[] = []
  await saturate({
    asks,
    targets: [proxy.url],
    origin: hostNow(),
    key: 'k',
    emit: event => void events.push(event),
    signal: new AbortController().signal,
  })
  const of = <K extends Event['kind']>(kind: K) =>
    events.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind)
  const ended = new Map(of('client-ended').map(event => [event.request, event]))
  const sent = of('client-sent')
  expect(new Set(sent.map(({ request }) => request)).size).toBe(sent.length)
  expect(new Set(sent.map(({ session }) => session)).size).toBe(sent.length)
  expect(sent.every(({ request }) => ended.has(request))).toBe(true)
  const outcomes = new Set([...ended.values()].map(({ outcome }) => outcome))
  expect(outcomes).toContain('complete')
  // There is room for three of five.
  expect(outcomes).toContain('answered')
  expect(outcomes).not.toContain('broken')
  expect(sent.length).toBeGreaterThan(20)
})
