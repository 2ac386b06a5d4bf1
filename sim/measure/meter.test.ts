import { describe, expect, test } from 'vitest'
import { exponential, randomFor } from '../random.ts'
import { Durations } from './meter.ts'

describe('the band of a median', () => {
  /** Of draws from an exponential distribution, whose median is known. */
  const bandOf = (count: number, seed: number) => {
    const durations = new Durations()
    const random = randomFor(seed, 'band', count)
    for (let n = 0; n < count; n++) durations.add(exponential(random, 100))
    return durations.medianBand()
  }
  const median = 100 * Math.LN2

  test.each([15, 40, 400])('holds it nearly always: %i samples', count => {
    const missed = Array.from({ length: 2_000 }, (_, seed) => bandOf(count, seed)!).filter(
      ({ atLeast, atMost }) => median < atLeast || median > atMost,
    )
    // Three standard deviations miss 3 of 1,000.
    expect(missed.length).toBeLessThan(20)
  })

  test('is narrow where there is much, and all there is where there is little', () => {
    const { atLeast, atMost } = bandOf(40_000, 1)!
    expect(atMost / atLeast).toBeLessThan(1.1)
    const few = new Durations()
    for (const ms of [5, 1, 4, 2, 3]) few.add(ms)
    expect(few.medianBand()).toEqual({ atLeast: few.percentile(0), atMost: few.percentile(100) })
  })

  test('is not there for fewer than five', () => {
    expect(bandOf(4, 1)).toBeUndefined()
    expect(new Durations().medianBand()).toBeUndefined()
  })
})
