/** A closed loop in virtual time: each client has one request under way, and asks again until its time is up. */
import { expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import { limitsHold, nothingUncounted } from '../../checks/index.ts'
import type { Event } from '../../history.ts'
import { saturate } from '../../load/index.ts'
import { makePlan } from '../../plan.ts'
import { run } from '../../run.ts'
import type { Scenario } from '../../scenario.ts'
import { provider, topology } from '../../topology.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }
const loop: Scenario = {
  name: 'loop',
  claim: 'a closed loop, for tests of the world',
  worlds: ['virtual'],
  topology: topology({ providers: [provider({ id: 'alpha', limit: 5 })] }),
  paces: { alpha: { firstByteMs: 20, tokens: 2, tokenMs: 5, spread: 0.2 } },
  phases: { baselineAt: 0, stormAt: 0, recoveryAt: 1_000, endAt: 1_000 },
  load: [saturate({ name: 'loop', from: 0, to: 1_000, clients: 8 })],
  faults: [],
  checks: [limitsHold, nothingUncounted],
  catches: [],
  spares: [],
}

test('eight clients keep a limit of five busy, and stop in time', async () => {
  const open = new Set<string>()
  let most = 0
  let lastSentAt = 0
  const see = (event: Event) => {
    if (event.kind === 'client-sent') {
      expect(open.has(event.request)).toBe(false)
      open.add(event.request)
      most = Math.max(most, open.size)
      lastSentAt = event.at
    } else if (event.kind === 'client-ended') open.delete(event.request)
  }
  const { verdicts, measurement } = await run(
    { scenario: loop, tracker: lease, plan: makePlan(loop, 1) },
    (plan, tell) => openVirtual({ plan, tracker: lease, resources, tell }),
    see,
  )
  expect(verdicts.filter(({ result }) => result === 'fail')).toEqual([])
  expect(most).toBe(8)
  expect(open.size).toBe(0)
  expect(lastSentAt).toBeGreaterThan(900)
  expect(lastSentAt).toBeLessThan(1_000)
  // Five at a time, about 32 ms each.
  expect(measurement.figures['availability.storm']! * measurement.figures['requests.sent']!).toBeGreaterThan(120)
})
