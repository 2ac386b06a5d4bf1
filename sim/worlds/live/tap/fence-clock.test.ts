import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FenceClock } from './fence-clock.ts'

test('every write lies in its band, whatever the delays, and the clocks’ difference', () => {
  const step = fc.record({
    pause: fc.double({ min: 0.1, max: 5, noNaN: true }),
    there: fc.double({ min: 0.01, max: 3, noNaN: true }),
    back: fc.double({ min: 0.01, max: 3, noNaN: true }),
    bytes: fc.nat(3),
  })
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 2, maxLength: 300 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      (steps, difference) => {
        const clock = new FenceClock()
        const writes: { offset: number; at: number }[] = []
        let now = 0
        let offset = 0
        for (const { pause, there, back, bytes } of steps) {
          for (let n = 1; n <= bytes; n++) writes.push({ offset: ++offset, at: now + (pause * n) / (bytes + 1) })
          now += pause
          const server = now + there
          clock.add({ offset, sentMs: now, receivedMs: server + back, serverMs: server - difference })
          now = server + back
        }
        // Before the first fence nothing bounds a write from below.
        for (const write of writes.filter(({ offset: of }) => of > (steps[0]?.bytes ?? 0))) {
          const band = clock.place(write.offset)!
          expect(band.since).toBeLessThanOrEqual(write.at + 1e-6)
          expect(band.at).toBeGreaterThanOrEqual(write.at - 1e-6)
        }
        expect(clock.place(offset + 1)).toBeUndefined()
      },
    ),
  )
})

test('a server whose clock was set is believed again from there', () => {
  const clock = new FenceClock()
  clock.add({ offset: 1, sentMs: 0, receivedMs: 1, serverMs: 100 })
  clock.add({ offset: 2, sentMs: 2, receivedMs: 3, serverMs: 500 })
  expect(clock.place(2)).toEqual({ since: 0, at: 3 })
})

test('what a new server applied came after the last look at the old one', () => {
  const clock = new FenceClock()
  clock.add({ offset: 10, sentMs: 0, receivedMs: 1, serverMs: 0.5 })
  clock.handOver(8)
  clock.add({ offset: 20, sentMs: 50, receivedMs: 51, serverMs: 9_000 })
  expect(clock.place(9)).toEqual({ since: 0, at: 51 })
})

test('what no fence lies behind came after the latest one', () => {
  const clock = new FenceClock()
  expect(clock.latest).toBe(Number.NEGATIVE_INFINITY)
  clock.add({ offset: 1, sentMs: 3, receivedMs: 4, serverMs: 1000 })
  expect(clock.latest).toBe(3)
})
