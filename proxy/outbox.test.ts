import { describe, expect, test, vi } from 'vitest'
import { VirtualClock } from '../sim/clock.ts'
import { chanceFor } from '../sim/random.ts'
import type { ProxyEvent } from './events.ts'
import { createOutbox, mostWaiting } from './outbox.ts'
import { type Provider, usualProvider } from './provider.ts'
import { Reach } from './reach.ts'
import type { Hold } from './tracker/tracker.ts'

const provider = (id: string): Provider => ({ ...usualProvider, id, baseUrl: '', limit: 1, heartbeatMs: 100 })
const hold = (n: number, of = provider('alpha')): Hold => ({ provider: of, member: 's:a', token: `t${n}` })

/** A store that acknowledges from this instant on. */
function stage(acknowledgesFrom: number) {
  const clock = new VirtualClock()
  const reach = new Reach()
  const events: ProxyEvent[] = []
  const sent: { at: number; token: string }[] = []
  const release = async ({ token }: Hold) => {
    sent.push({ at: clock.now(), token })
    if (clock.now() < acknowledgesFrom) throw new Error('no acknowledgement')
  }
  const tracker = { release } as never
  const outbox = createOutbox(
    { clock, chance: chanceFor(1, 'test'), tracker, emit: event => void events.push(event) },
    reach,
  )
  return { clock, reach, events, sent, outbox }
}

describe('a release', () => {
  test('leaves in the tick it is given, and is repeated until it is acknowledged', async () => {
    const { clock, events, sent, outbox } = stage(90)
    outbox.release(hold(1), 'failure')
    expect(sent).toEqual([{ at: 0, token: 't1' }])
    expect(outbox.pending()).toMatchObject({ count: 1, dropped: 0 })
    const empty = outbox.empty()
    await clock.run()
    await empty
    expect(sent.at(-1)!.at).toBeGreaterThanOrEqual(90)
    expect(events.at(-1)).toMatchObject({ kind: 'released', token: 't1', tries: sent.length })
    expect(outbox.pending()).toEqual({ count: 0, oldestMs: 0, dropped: 0 })
  })

  test('is given up when its lease is long over, and that is told', async () => {
    const { clock, reach, events, outbox } = stage(Number.POSITIVE_INFINITY)
    outbox.release(hold(1), 'failure')
    await clock.run(800)
    // Whatever else was asked has been answered.
    reach.answered('alpha')
    expect(outbox.pending()).toMatchObject({ count: 1, oldestMs: 800 })
    await clock.run()
    expect(events.at(-1)).toMatchObject({ kind: 'outbox-dropped', token: 't1' })
    expect(outbox.pending()).toEqual({ count: 0, oldestMs: 0, dropped: 1 })
  })
})

test('while the store is away one release asks for all', async () => {
  const { clock, reach, sent, outbox } = stage(300)
  for (let n = 0; n < 3; n++) reach.failed('alpha')
  for (let n = 1; n <= 200; n++) outbox.release(hold(n), 'success')
  const naps = vi.spyOn(clock, 'sleep')
  await clock.run(299)
  expect(naps.mock.calls.length, 'and the others wait longer and longer').toBeLessThan(200 * 12)
  expect(new Set(sent.map(({ token }) => token))).toEqual(new Set(['t1']))
  await clock.run()
  expect(new Set(sent.map(({ token }) => token)).size).toBe(200)
  expect(outbox.pending()).toMatchObject({ count: 0, dropped: 0 })
})

test('what waits is bounded: the oldest is given up, and not sent any more', async () => {
  const { clock, reach, events, sent, outbox } = stage(100)
  for (let n = 0; n < 3; n++) reach.failed('alpha')
  for (let n = 1; n <= mostWaiting + 5; n++) outbox.release(hold(n), 'success')
  expect(outbox.pending()).toMatchObject({ count: mostWaiting, dropped: 5 })
  const dropped = events.flatMap(event => (event.kind === 'outbox-dropped' ? [event.token] : []))
  expect(dropped).toEqual(['t1', 't2', 't3', 't4', 't5'])
  await clock.run()
  const acknowledged = sent.filter(({ at }) => at >= 100).map(({ token }) => token)
  expect(acknowledged.filter(token => dropped.includes(token))).toEqual([])
  expect(new Set(acknowledged).size).toBe(mostWaiting)
  expect(outbox.pending()).toMatchObject({ count: 0, dropped: 5 })
})
