import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outcome } from './play-seed.ts'
import { Seeds } from './seeds.ts'

const outcomeOf = (seed: number, failing: ReadonlySet<number>): Outcome => ({
  seed,
  requests: seed,
  simulatedMs: 2 * seed,
  failed: failing.has(seed) ? ['limits-hold'] : [],
  unknown: [],
})

/** Plays with workers that finish in whatever order `pick` says; answers the seeds that were played. */
function searched(seeds: Seeds, workers: number, failing: ReadonlySet<number>, pick: (among: number) => number) {
  const busy: number[][] = []
  const played: number[] = []
  const feed = () => {
    const batch = seeds.handOut()
    if (batch.length) busy.push(batch)
  }
  for (let n = 0; n < workers; n++) feed()
  while (!seeds.over) {
    expect(busy.length).toBeGreaterThan(0)
    const worker = busy[pick(busy.length)]!
    const seed = worker.shift()!
    played.push(seed)
    seeds.told(outcomeOf(seed, failing))
    if (worker.length > 0) continue
    busy.splice(busy.indexOf(worker), 1)
    feed()
  }
  return played
}

describe('whoever plays, and in whatever order seeds come back', () => {
  const storms = fc.record({
    from: fc.nat(1_000),
    count: fc.integer({ min: 1, max: 60 }),
    batch: fc.integer({ min: 1, max: 5 }),
    workers: fc.integer({ min: 1, max: 6 }),
    failing: fc.uniqueArray(fc.nat(59), { maxLength: 4 }),
    order: fc.infiniteStream(fc.nat()),
  })

  test('the first failing seed by number is the one', () => {
    fc.assert(
      fc.property(storms, ({ from, count, batch, workers, failing, order }) => {
        const bad = new Set(failing.map(n => from + n).filter(seed => seed < from + count))
        const seeds = new Seeds({ from, count, batch, failFast: true })
        searched(seeds, workers, bad, among => order.next().value! % among)
        const first = bad.size ? Math.min(...bad) : undefined
        expect(seeds.outcomes.filter(({ failed }) => failed.length).map(({ seed }) => seed)).toEqual(
          first === undefined ? [] : [first],
        )
        const last = first ?? from + count - 1
        expect(seeds.outcomes.map(({ seed }) => seed)).toEqual(
          Array.from({ length: last - from + 1 }, (_, n) => from + n),
        )
        expect(seeds.tally.seeds).toBe(last - from + 1)
      }),
    )
  })

  test('without fail-fast each seed is played once', () => {
    fc.assert(
      fc.property(storms, ({ from, count, batch, workers, failing, order }) => {
        const bad = new Set(failing.map(n => from + n).filter(seed => seed < from + count))
        const seeds = new Seeds({ from, count, batch, failFast: false })
        const played = searched(seeds, workers, bad, among => order.next().value! % among)
        expect(played.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => from + n))
        expect(seeds.outcomes.filter(({ failed }) => failed.length).length).toBe(bad.size)
        expect(seeds.tally).toEqual(seeds.played)
      }),
    )
  })
})
