import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../sim/clock.ts'
import { Patience } from './patience.ts'
import type { Provider } from './provider.ts'

const times = { firstByteMs: 100, idleMs: 50, totalMs: 400 } as Provider

/** Plays what happens when, and answers what was given up and when. */
async function play(happens: (patience: Patience, at: (ms: number, then: () => void) => void) => void, given = times) {
  const clock = new VirtualClock()
  const gaveUp: string[] = []
  const patience = new Patience(given, clock, failure => void gaveUp.push(`${failure} ${clock.now()}`))
  happens(patience, (ms, then) => void clock.after(ms, then))
  await clock.run()
  return gaveUp
}

describe('a call', () => {
  test('of which nothing comes has hit its first-byte time-out', async () => {
    expect(await play(() => {})).toEqual(['first-byte-timeout 100'])
  })
  test('that falls silent has hit its idle time-out, which is shorter here than the first byte’s', async () => {
    expect(await play((patience, at) => at(10, () => patience.progress()))).toEqual(['idle-timeout 60'])
  })
  test('that drips has hit its total time-out', async () => {
    const drips = (patience: Patience, at: (ms: number, then: () => void) => void) => {
      for (let ms = 40; ms < 500; ms += 40) at(ms, () => patience.progress())
    }
    expect(await play(drips)).toEqual(['total-timeout 400'])
  })
  test('that has ended hits nothing', async () => {
    expect(await play((patience, at) => at(10, () => patience.end()))).toEqual([])
  })
})

describe('a client that is to take something', () => {
  test('stops the idle time, which begins anew when it has', async () => {
    const held = (patience: Patience, at: (ms: number, then: () => void) => void) => {
      at(10, () => patience.progress())
      at(20, () => patience.hold())
      at(300, () => patience.progress())
    }
    expect(await play(held)).toEqual(['idle-timeout 350'])
  })
  test('and takes longer than the total time is who is slow', async () => {
    const held = (patience: Patience, at: (ms: number, then: () => void) => void) => {
      at(10, () => patience.progress())
      at(20, () => patience.hold())
    }
    expect(await play(held)).toEqual(['slow-client 400'])
  })
})

test('instants whose sums drift do not wake the clock for ever', async () => {
  for (let n = 0; n < 200; n++) {
    const gaveUp = await play((patience, at) => at(n * 0.123457, () => patience.progress()), {
      ...times,
      idleMs: 47.3311,
    } as Provider)
    expect(gaveUp).toHaveLength(1)
  }
})
