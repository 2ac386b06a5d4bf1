import { getResponse } from 'msw'
import { expect, test } from 'vitest'
import { VirtualClock } from '../clock.ts'
import type { ProviderEvent } from '../history.ts'
import { type Asked, bodyOf, pathOf } from './asked.ts'
import { createBehaviours } from './behaviours.ts'
import { originOf, providerHandlers } from './handlers.ts'

const pace = { firstByteMs: 40, tokens: 2, tokenMs: 10, spread: 0 }
const streamed: Asked = { request: 'r1', session: 's1', shape: 'anthropic', stream: true }

function stage(seed = 1) {
  const clock = new VirtualClock()
  const behaviours = createBehaviours()
  const told: (ProviderEvent & { at: number })[] = []
  const witness = (event: ProviderEvent, at: number) => void told.push({ at, ...event })
  const handlers = providerHandlers([{ id: 'alpha', pace, behaviours }], { seed, clock, witness })
  const post = async (asked: Asked, body = bodyOf(asked)) =>
    (await getResponse(handlers, new Request(originOf('alpha') + pathOf[asked.shape], { method: 'POST', body })))!
  /** Reads in virtual time. */
  async function played<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {})
    await clock.run()
    return promise
  }
  return { clock, behaviours, told, post, played }
}

const about = { provider: 'alpha', attempt: 'alpha-1', request: 'r1', session: 's1' }

test('a good answer takes its pace, and is witnessed', async () => {
  const { behaviours, told, post, played } = stage()
  const text = await played((await post(streamed)).text())
  expect(text).toContain('event: message_stop')
  expect(told).toEqual([
    { at: 0, kind: 'provider-began', ...about },
    { at: 70, kind: 'provider-ended', ...about, outcome: 'served', status: 200, since: 70 },
  ])
  expect(behaviours.counts()).toEqual({ healthy: 1 })
})

test('an error is a failed attempt', async () => {
  const { behaviours, told, post, played } = stage()
  behaviours.behave({ kind: 'error', status: 529, afterMs: 5 })
  const response = await post({ ...streamed, shape: 'openai' })
  expect(response.status).toBe(529)
  await played(response.json())
  expect(told[1]).toMatchObject({ at: 5, outcome: 'failed', status: 529, since: 5 })
  expect(behaviours.counts()).toEqual({ error: 1 })
})

test('a cut breaks the stream after its chunks', async () => {
  const { behaviours, told, post, played } = stage()
  behaviours.behave({ kind: 'cut', afterChunks: 1 })
  const response = await post(streamed)
  await expect(played(response.text())).rejects.toThrow('broke off')
  expect(told[1]).toMatchObject({ at: 40, outcome: 'failed', status: 200, since: 40 })
})

test('a listener who leaves closes the attempt, which ended between the last chunk and now', async () => {
  const { clock, told, post } = stage()
  const reader = (await post(streamed)).body!.getReader()
  const first = reader.read()
  await clock.run()
  expect((await first).done).toBe(false)
  const second = reader.read()
  await clock.run(45)
  await reader.cancel()
  expect((await second).done).toBe(true)
  await clock.run()
  expect(told[1]).toMatchObject({ at: 45, outcome: 'peer-closed', since: 40 })
  expect(told).toHaveLength(2)
})

test('a body of nobody is refused, witnessed and not counted', async () => {
  const { behaviours, told, post, played } = stage()
  const response = await post(streamed, 'hello')
  expect(response.status).toBe(400)
  await played(response.text())
  expect(told.map(({ session }) => session)).toEqual(['', ''])
  expect(behaviours.counts()).toEqual({})
})

test('chance is keyed by request and try: the order of the requests moves nothing', async () => {
  const outcomes = async (requests: string[]) => {
    const { behaviours, post, played } = stage(7)
    behaviours.behave({ kind: 'mixed', ratio: 0.5, of: { kind: 'error', status: 500, afterMs: 5 } })
    const seen = new Map<string, number[]>()
    for (const request of requests) {
      const response = await post({ ...streamed, request })
      await played(response.text())
      seen.set(request, [...(seen.get(request) ?? []), response.status])
    }
    return [...seen].sort(([a], [b]) => a.localeCompare(b))
  }
  const some = Array.from({ length: 20 }, (_, n) => `r${n}`)
  const twice = [...some, ...some]
  const forward = await outcomes(twice)
  expect(await outcomes(twice.toReversed())).toEqual(forward)
  expect(forward.some(([, [first, second]]) => first !== second)).toBe(true)
})
