/** Clients that leave, before the first byte and in the middle: their slots come back, and a tracker that forgets them is caught. */
import { expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import { providerOutage } from '../../../scenarios/index.ts'
import { poisson } from '../../load/index.ts'
import { makePlan } from '../../plan.ts'
import { run } from '../../run.ts'
import type { Scenario } from '../../scenario.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }

const leavers: Scenario = {
  ...providerOutage,
  name: 'leavers',
  load: [
    poisson({
      name: 'leavers',
      from: 500,
      to: 5_900,
      perSecond: 60,
      mix: { streams: 0.7, anthropic: 0.5, leavers: { share: 0.5, withinMs: 120 } },
    }),
  ],
}

const forgetsAborts: TrackerVariant = {
  ...lease,
  name: 'forgets-aborts',
  create(store, windowMs, wallNow) {
    const inner = lease.create(store, windowMs, wallNow)
    return {
      ...inner,
      release: (hold, ending) => (ending === 'abort' ? Promise.resolve() : inner.release(hold, ending)),
    }
  },
}

const played = (tracker: TrackerVariant, seed: number) =>
  run({ scenario: leavers, tracker, plan: makePlan(leavers, seed) }, (plan, tell) =>
    openVirtual({ plan, tracker, resources, tell }),
  )

test.each([1, 2, 3])('seed %i: whoever leaves gives back its slot', async seed => {
  const { measurement, verdicts } = await played(lease, seed)
  expect(verdicts.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(measurement.figures['residency.abort.samples']).toBeGreaterThan(40)
  expect(measurement.figures['residency.abort.max']).toBeLessThan(5)
})

test.each([1, 2, 3])('seed %i: a tracker that forgets them is caught', async seed => {
  const { verdicts } = await played(forgetsAborts, seed)
  const failed = verdicts.filter(({ result }) => result === 'fail').map(({ check }) => check)
  expect(failed).toEqual(expect.arrayContaining(['every-slot-returned', 'tracks-truth']))
})
