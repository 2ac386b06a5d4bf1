/** Every scenario of the virtual world, with every tracker that it names: the same verdicts that the live world must give. */

import { createHook } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import * as trackers from '../../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import * as scenarios from '../../../scenarios/index.ts'
import { VirtualClock } from '../../clock.ts'
import { makePlan } from '../../plan.ts'
import { behaviourOf, run } from '../../run.ts'
import type { Scenario } from '../../scenario.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }
const storms = Object.values<Scenario>(scenarios).filter(({ worlds }) => worlds.includes('virtual'))
const named = (name: string) => Object.values<TrackerVariant>(trackers).find(variant => variant.name === name)!
const replay = (scenario: Scenario, tracker: string, seed: number) =>
  `replay: npx stormproof run ${scenario.name} --world virtual --tracker ${tracker} --seed ${seed}`

async function played(scenario: Scenario, tracker: TrackerVariant, seed: number) {
  const hash = createHash('sha256')
  const plan = makePlan(scenario, seed)
  const judged = await run(
    { scenario, tracker, plan },
    (cast, tell) => openVirtual({ plan: cast, tracker, resources, tell }),
    event => hash.update(`${JSON.stringify(event)}\n`),
  )
  return { judged, sha256: hash.digest('hex') }
}

describe.each(storms)('$name', scenario => {
  test('the reference passes, the wrong are caught, the spared pass', async () => {
    for (const tracker of ['lease', ...scenario.catches, ...scenario.spares]) {
      const { judged } = await played(scenario, named(tracker), 1)
      expect(behaviourOf(judged), replay(scenario, tracker, 1)).toMatchObject({ asDeclared: true })
    }
  })

  test.skipIf(scenario.costs)('another seed gives another history', async () => {
    const [one, other] = [await played(scenario, trackers.lease, 11), await played(scenario, trackers.lease, 12)]
    expect(other.sha256).not.toBe(one.sha256)
  })
})

test.each([scenarios.providerOutage, scenarios.lostReplies])(
  'nobody can act where the clock gives nobody a turn: $name',
  async scenario => {
    const { sha256 } = await played(scenario, trackers.lease, 1)
    const turns = vi.spyOn(VirtualClock.prototype, 'silently').mockImplementation(VirtualClock.prototype.timer)
    try {
      expect((await played(scenario, trackers.lease, 1)).sha256).toBe(sha256)
      expect(turns).toHaveBeenCalled()
    } finally {
      turns.mockRestore()
    }
  },
)

test('a run touches nothing of the machine: no timer, no socket, no file, no thread', async () => {
  const foreign = new Set<string>()
  // Promises are the core's own; ticks and microtasks are the clock's.
  const hook = createHook({
    init(_id, type) {
      if (type !== 'TickObject' && type !== 'Microtask') foreign.add(type)
    },
    trackPromises: false,
  })
  hook.enable()
  try {
    await played(scenarios.providerOutage, trackers.lease, 1)
  } finally {
    hook.disable()
  }
  expect([...foreign]).toEqual([])
})
