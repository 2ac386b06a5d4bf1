import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Standstill, VirtualClock } from './clock.ts'

test('sleepers wake by time, and at equal times in the order they fell asleep', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), fc.array(fc.nat(40)), async (durations, cancelled) => {
      const clock = new VirtualClock()
      const woken: { at: number; n: number }[] = []
      const cancels = durations.map((duration, n) => clock.after(duration, () => woken.push({ at: clock.now(), n })))
      for (const n of cancelled) cancels[n]?.()
      await clock.run()
      const expected = durations
        .map((at, n) => ({ at, n }))
        .filter(({ n }) => !cancelled.includes(n))
        .sort((a, b) => a.at - b.at || a.n - b.n)
      expect(woken).toEqual(expected)
    }),
  )
})

test('a silent wake lets nobody act before the next sleeper', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  const say = (what: string) => () => {
    seen.push(what)
    queueMicrotask(() => seen.push(`after ${what}`))
  }
  clock.silently(1, say('a'))
  clock.silently(2, say('b'))
  clock.silently(3, say('cancelled')).cancel()
  clock.after(3, say('c'))
  clock.after(4, say('d'))
  await clock.run()
  expect(seen).toEqual(['a', 'b', 'c', 'after a', 'after b', 'after c', 'd', 'after d'])
})

test('a sleep ends with the reason of its signal, at once and at the right time', async () => {
  const clock = new VirtualClock()
  const left = new AbortController()
  const reason = new Error('left')
  const told: unknown[] = []
  clock.sleep(100, left.signal).catch(error => told.push(error, clock.now()))
  clock.after(30, () => left.abort(reason))
  await clock.run()
  await clock.sleep(1, left.signal).catch(error => told.push(error))
  expect(told).toEqual([reason, 30, reason])
})

test('time moves to the instant asked for, and no further', async () => {
  const clock = new VirtualClock()
  let woken = 0
  for (const at of [10, 20, 30]) clock.after(at, () => woken++)
  await clock.run(20)
  expect([woken, clock.now()]).toEqual([2, 20])
  await clock.run(25)
  expect(clock.now()).toBe(25)
})

test('instants are whole microseconds', async () => {
  const clock = new VirtualClock()
  for (let n = 0; n < 10; n++) {
    const slept = clock.sleep(0.1 + 1e-9)
    await clock.run()
    await slept
  }
  expect(clock.now()).toBe(1)
})

test('driving answers what the work does, and leaves later sleepers asleep', async () => {
  const clock = new VirtualClock()
  let late = false
  clock.after(1_000, () => {
    late = true
  })
  expect(await clock.drive(clock.sleep(5).then(() => 'done'))).toBe('done')
  expect([clock.now(), late]).toEqual([5, false])
  const error = new Error('broke')
  await expect(clock.drive(Promise.reject(error))).rejects.toBe(error)
})

test('work that nobody can finish any more is an error, not a wait', async () => {
  const clock = new VirtualClock()
  await expect(clock.drive(clock.sleep(5).then(() => new Promise(() => {})))).rejects.toThrow(Standstill)
})

test('a loop at one instant is an error, not a hang', async () => {
  const clock = new VirtualClock()
  const spin = () => void clock.after(0, spin)
  spin()
  await expect(clock.run()).rejects.toThrow(/stands still at 0 ms/)
})

describe('what an instant may take is over before time moves', () => {
  const webStream = (n: number) => {
    let left = n
    return new ReadableStream<Uint8Array>({
      pull: controller => (left-- > 0 ? controller.enqueue(new Uint8Array(1)) : controller.close()),
    })
  }
  const drain = async (chunks: AsyncIterable<unknown>) => {
    for await (const _ of chunks);
  }
  async function* numbers(n: number) {
    for (let i = 0; i < n; i++) yield i
  }
  const deep = async (n: number): Promise<void> => {
    if (n) await deep(n - 1)
  }
  test.each<[string, () => Promise<unknown>]>([
    ['a thousand awaits', () => deep(1_000)],
    ['a delegated generator', () => drain(numbers(50))],
    [
      'a race with an abort signal',
      () => {
        const stop = new AbortController()
        const stopped = new Promise((_, reject) => stop.signal.addEventListener('abort', reject))
        stop.abort()
        return Promise.race([deep(10), stopped]).catch(() => {})
      },
    ],
    [
      'AbortSignal.any',
      () => {
        const stop = new AbortController()
        const any = AbortSignal.any([stop.signal])
        const stopped = new Promise(resolve => any.addEventListener('abort', resolve))
        stop.abort()
        return stopped
      },
    ],
    ['a web stream', () => drain(webStream(20))],
    ['a transformed web stream', () => drain(webStream(20).pipeThrough(new TransformStream()))],
  ])('%s', async (_what, act) => {
    const clock = new VirtualClock()
    let endedAt = -1
    clock.after(1, () => void act().then(() => (endedAt = clock.now())))
    clock.after(2, () => {})
    await clock.run()
    expect(endedAt).toBe(1)
  })
})

test('whoever is called off does not wake, and all others do in their order, however many wait for the same duration', async () => {
  const waits = fc.record({
    from: fc.integer({ min: 0, max: 40 }),
    lasts: fc.constantFrom(1, 30, 100, 100.5, 120, 300),
    calledOffAfter: fc.option(fc.integer({ min: 0, max: 150 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(waits, { maxLength: 60 }), async all => {
      const clock = new VirtualClock()
      const woken: [number, number][] = []
      for (const [n, { from, lasts, calledOffAfter }] of all.entries())
        clock.after(from, () => {
          const callOff = clock.after(lasts, () => void woken.push([clock.now(), n]))
          if (calledOffAfter !== undefined) clock.after(calledOffAfter, callOff)
        })
      await clock.run()
      const expected = all
        .map(({ from, lasts, calledOffAfter }, n) => ({
          at: from + lasts,
          from,
          n,
          off: calledOffAfter !== undefined && calledOffAfter < lasts,
        }))
        .filter(({ off }) => !off)
        .sort((a, b) => a.at - b.at || a.from - b.from || a.n - b.n)
      expect(woken).toEqual(expected.map(({ at, n }) => [at, n]))
      expect(clock.now()).toBe(
        Math.max(
          0,
          ...all.flatMap(({ from, lasts, calledOffAfter: off }) => [
            from + (off !== undefined && off < lasts ? 0 : lasts),
            from + (off ?? 0),
          ]),
        ),
      )
    }),
  )
})
