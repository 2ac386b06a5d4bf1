/** What every fault of a provider owes: its own cure, and proof that it landed. Of all others: `contract.sim.test.ts`. */
import { describe, expect, test } from 'vitest'
import type { Levers, WorldLevers } from '../levers.ts'
import { type Behaviours, createBehaviours } from '../providers/behaviours.ts'
import { answer, type Behaviour } from '../providers/model.ts'
import { randomFor } from '../random.ts'
import type { Fault } from './fault.ts'
import * as faults from './index.ts'

const before: Behaviour = { kind: 'mixed', ratio: 0.1, of: { kind: 'error', status: 503, afterMs: 7 } }

/** Two providers that already behave oddly; only the behaviours are real. */
function stage() {
  const providers = new Map<string, Behaviours>()
  for (const id of ['alpha', 'beta']) {
    providers.set(id, createBehaviours())
    providers.get(id)!.behave(before)
    meet(providers.get(id)!)
  }
  const offered: WorldLevers = {
    provider(id) {
      const behaviours = providers.get(id)!
      return {
        async behave(behaviour) {
          const undo = behaviours.behave(behaviour)
          return async () => undo()
        },
        answered: async () => behaviours.counts(),
      }
    },
  }
  const levers = offered as Levers
  return { levers, alpha: providers.get('alpha')!, beta: providers.get('beta')! }
}

const ofProviders = Object.values<Fault>(faults).filter(({ needs }) => needs.includes('provider'))
/** None of them waits. */
const time = { sleep: () => Promise.reject(new Error('no fault of a provider sleeps')) }

/** An attempt, as it meets what the provider does now. */
function meet(behaviours: Behaviours) {
  const pace = { firstByteMs: 1, tokens: 2, tokenMs: 1, spread: 0 }
  const asked = { request: 'r1', session: 's1', shape: 'openai', stream: true } as const
  behaviours.count(answer(asked, behaviours.now(), pace, randomFor(1, 'contract')).shows)
}

describe.each(ofProviders)('$name', fault => {
  const call = { fault: fault.name, provider: 'alpha' }

  test('says what it is, and which levers it pulls', () => {
    expect(fault.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(fault.claim).not.toBe('')
    expect(fault.needs).toContain('provider')
  })

  test('changes its provider alone, and the heal leaves it as it was', async () => {
    const { levers, alpha, beta } = stage()
    const { heal } = await fault.inject(levers, call, time)
    expect(alpha.now()).not.toEqual(before)
    expect(beta.now()).toEqual(before)
    await heal()
    expect(alpha.now()).toEqual(before)
    await heal()
    expect(alpha.now()).toEqual(before)
  })

  test('two of it overlap and heal in either order', async () => {
    const { levers, alpha } = stage()
    const first = await fault.inject(levers, call, time)
    const second = await fault.inject(levers, call, time)
    await first.heal()
    expect(alpha.now()).not.toEqual(before)
    await second.heal()
    expect(alpha.now()).toEqual(before)
  })

  test('has not landed when nobody asked: what came before and after is not its doing', async () => {
    const { levers, alpha } = stage()
    const { heal, receipt } = await fault.inject(levers, call, time)
    await heal()
    meet(alpha)
    await heal()
    expect(await receipt()).toEqual({ landed: false, because: expect.stringMatching(/\b0\b/) })
  })

  test('has landed when an attempt was affected; says how many', async () => {
    const { levers, alpha } = stage()
    const { heal, receipt } = await fault.inject(levers, call, time)
    alpha.count('healthy')
    meet(alpha)
    meet(alpha)
    await heal()
    expect(await receipt()).toEqual({ landed: true, because: expect.stringMatching(/\b2\b/) })
  })

  test('is not landed before it is healed', async () => {
    const { levers, alpha } = stage()
    const { receipt } = await fault.inject(levers, call, time)
    meet(alpha)
    expect((await receipt()).landed).toBe(false)
  })
})

test('the call decides what the provider does', async () => {
  const { levers, alpha } = stage()
  await faults.providerFails.inject(
    levers,
    { fault: 'provider-fails', provider: 'alpha', status: 529, afterMs: 5 },
    time,
  )
  expect(alpha.now()).toEqual({ kind: 'error', status: 529, afterMs: 5 })
  const some = { fault: 'provider-fails', provider: 'alpha', ratio: 0.25, status: 500, afterMs: 5 }
  await faults.providerFails.inject(levers, some, time)
  expect(alpha.now()).toEqual({ kind: 'mixed', ratio: 0.25, of: { kind: 'error', status: 500, afterMs: 5 } })
})
