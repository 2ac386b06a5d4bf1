import { expect, test } from 'vitest'
import type { Measurement } from '../measure/measurement.ts'
import { Durations } from '../measure/meter.ts'
import { randomFor } from '../random.ts'
import { latencyWithin } from './latency-within.ts'
import { sampleTopology } from './sample.ts'

/** What the check says of so many answers before and after, each as long as is drawn. */
function judged(seed: number, [before, after]: [number, number], draw: (chance: number, isAfter: boolean) => number) {
  const told = [before, after].map((count, n) => {
    const random = randomFor(seed, 'answers', n)
    const durations = new Durations()
    for (let k = 0; k < count; k++) durations.add(draw(random.next(), n === 1))
    return durations
  }) as [Durations, Durations]
  const figures = {
    ...told[0].figures('latency.baseline'),
    ...told[1].figures('latency.settled'),
    'latency.baseline.p50.atMost': told[0].medianBand()!.atMost,
    'latency.settled.p50.atLeast': told[1].medianBand()!.atLeast,
  }
  return latencyWithin.of({ figures } as unknown as Measurement, sampleTopology).result
}
const seeds = Array.from({ length: 1_000 }, (_, seed) => seed)

/** As in the swarm of thundering-recovery, seed 40238: 15 answers before the storm, of which 11 came from the quicker one. */
test('two providers of unlike pace are no failure, whoever of them was drawn more often before the storm', () => {
  const either = (chance: number) => (chance < 0.41 ? 50 : 142)
  expect(seeds.filter(seed => judged(seed, [15, 118], either) !== 'pass')).toEqual([])
})

test('three times as long is a failure, of few answers too', () => {
  const slower = (chance: number, isAfter: boolean) => (isAfter ? 3 : 1) * (80 + 40 * chance)
  expect(seeds.filter(seed => judged(seed, [13, 100], slower) !== 'fail')).toEqual([])
})
