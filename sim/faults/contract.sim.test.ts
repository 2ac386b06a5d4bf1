/** What every fault in the registry owes, in a whole world: its own cure, and a receipt that somebody felt it. */
import { describe, expect, test } from 'vitest'
import { lease } from '../../proxy/tracker/index.ts'
import type { Levers } from '../levers.ts'
import type { Plan } from '../plan.ts'
import { provider, topology } from '../topology.ts'
import { openVirtual } from '../worlds/virtual/index.ts'
import { luaEngine, scriptOf, sha1 } from '../worlds/virtual/resources.ts'
import { stateOf } from '../worlds/virtual/state.ts'
import type { Fault, FaultCall } from './fault.ts'
import * as faults from './index.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }
const pace = { firstByteMs: 40, tokens: 4, tokenMs: 10, spread: 0 }
const all = Object.values<Fault>(faults)

/** Whatever they are aimed at, and what has no default: a session that has a request open at half a second. */
const callOf = ({ name, aims }: Fault): FaultCall => ({
  fault: name,
  ...(aims.includes('provider') && { provider: 'alpha' }),
  ...(aims.includes('instance') && { instance: 0 }),
  ...(name === 'session-terminated' && { session: 's16' }),
})

/** A world in which a request comes every 5 ms from 100 ms on, until 4 s, if there is any load. */
async function stage(load: boolean) {
  const plan: Plan = {
    scenario: 'contract',
    seed: 1,
    topology: topology({ providers: ['alpha', 'beta'].map(id => provider({ id, limit: 10 })) }),
    paces: { alpha: pace, beta: pace },
    steps: [],
  }
  const world = await openVirtual({ plan, tracker: lease, resources, tell: () => {} })
  const time = { sleep: (ms: number) => world.until(world.now() + ms) }
  const asks = Array.from({ length: load ? 780 : 0 }, (_, n) => ({
    do: 'ask' as const,
    at: 100 + 5 * n,
    request: `r${n}`,
    via: n % 2,
    session: `s${n % 30}`,
    shape: 'anthropic' as const,
    stream: n % 3 === 0,
  }))
  // Proxies that beat are load, too.
  if (load) world.begin()
  const asked = world.ask(asks)
  const inject = (fault: Fault, call = callOf(fault)) => fault.inject(world.levers as Levers, call, time)
  return { world, inject, asked, state: () => stateOf(world.parts) }
}

test('each fault has a name of its own', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})

describe.each(all)('$name', fault => {
  test('says what it is, what it pulls and what it is aimed at', () => {
    expect(fault.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(fault.claim).toMatch(/^[a-z].*[^.]$/)
    expect(fault.needs.length).toBeGreaterThan(0)
  })

  test('the heal leaves the world as it was, and only the first counts', async () => {
    const { world, inject, state } = await stage(true)
    await world.drive(
      (async () => {
        await world.until(500)
        const before = state()
        const { heal } = await inject(fault)
        await world.until(1_000)
        await heal()
        await heal()
        expect(state()).toEqual(before)
      })(),
    )
  })

  test.each(['the first', 'the second'])('two of it overlap, and %s heals first', async which => {
    const { world, inject, state } = await stage(true)
    await world.drive(
      (async () => {
        await world.until(500)
        const before = state()
        const both = [await inject(fault)]
        const during = state()
        await world.until(600)
        both.push(await inject(fault))
        await world.until(1_000)
        if (which === 'the second') both.reverse()
        await both[0]!.heal()
        // Unless the cure is a new process, which the other one was not about.
        if (/provider|frozen|link|full/.test(fault.name)) expect(state()).toEqual(during)
        await both[1]!.heal()
        expect(state()).toEqual(before)
      })(),
    )
  })

  const needsNobody = [
    'primary-killed',
    'primary-fails-over',
    'slot-migrates',
    'proxy-terminated',
    'proxy-skewed',
    'members-planted',
  ]

  test('has landed where somebody felt it, and not before it is healed', async () => {
    const { world, inject } = await stage(true)
    await world.drive(
      (async () => {
        await world.until(500)
        const { heal, receipt } = await inject(fault)
        await world.until(1_200)
        expect(await receipt()).toMatchObject({ landed: false })
        await heal()
        expect(await receipt()).toMatchObject({ landed: true })
      })(),
    )
  })

  test.skipIf(needsNobody.includes(fault.name))('has not landed where nobody did', async () => {
    const { world, inject } = await stage(false)
    await world.drive(
      (async () => {
        await world.until(500)
        const { heal, receipt } = await inject(fault)
        await world.until(1_000)
        await heal()
        expect(await receipt()).toMatchObject({ landed: false })
      })(),
    )
  })
})

describe('what is dead already cannot be hurt: no error, and no receipt', () => {
  test.each(['primary-killed', 'primary-frozen', 'store-full', 'scripts-flushed', 'store-flushed', 'members-planted'])(
    '%s at a primary that was killed',
    async name => {
      const { world, inject, state } = await stage(false)
      await world.drive(
        (async () => {
          const before = state()
          const { heal } = await inject(faults.primaryKilled)
          const second = await inject(all.find(fault => fault.name === name)!)
          await second.heal()
          expect(await second.receipt()).toEqual({
            landed: false,
            because: expect.stringMatching(/dead already|did not answer/),
          })
          await heal()
          expect(state()).toEqual(before)
        })(),
      )
    },
  )
})

test.each([
  ['provider-fails', { ratio: -0.1 }, 'ratio must be a number of at least 0, not -0.1'],
  ['connections-reset', { everyMs: 0 }, 'everyMs must be a number of at least 1, not 0'],
  ['members-planted', { count: 'many' }, 'count must be a number of at least 1, not "many"'],
  ['slot-migrates', { pauseMs: Number.NaN }, 'pauseMs must be a number of at least 0, not NaN'],
  ['link-delayed', { ms: -1 }, 'ms must be a number of at least 0, not -1'],
  ['proxy-skewed', { byMs: 'late' }, 'byMs must be a number, not "late"'],
  ['store-stalled', { forMs: Number.POSITIVE_INFINITY }, 'forMs must be a number of at least 0, not Infinity'],
  ['session-terminated', { session: '' }, 'session-terminated must name a session'],
  ['primary-killed', { provider: '' }, 'primary-killed must name a provider'],
] as const)('%s with %o is rejected, and does nothing', async (name, parameters, because) => {
  const { inject, state } = await stage(false)
  const before = state()
  const fault = all.find(one => one.name === name)!
  await expect(inject(fault, { ...callOf(fault), ...parameters })).rejects.toThrow(because)
  expect(state()).toEqual(before)
})
