/** Any faults, in any order, with any overlap: when all are healed the world is as it was, and what the observer told is true. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import * as scenarios from '../../../scenarios/index.ts'
import type { Fault } from '../../faults/fault.ts'
import * as faults from '../../faults/index.ts'
import type { Event } from '../../history.ts'
import type { Plan, Step } from '../../plan.ts'
import { run } from '../../run.ts'
import { provider, topology } from '../../topology.ts'
import type { World } from '../../world.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'
import { stateOf } from './state.ts'

const seed = Number(process.env.STORMPROOF_SEED ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env.STORMPROOF_RUNS ?? 100)
const again = `STORMPROOF_SEED=${seed} npx vitest run sim/worlds/virtual/any-faults`

const resources = { engine: luaEngine(), scriptOf, sha1 }
const pace = { firstByteMs: 20, tokens: 4, tokenMs: 10, spread: 0.3 }
const ids = ['alpha', 'beta', 'gamma']
const instances = 3
const requests = 300

/** The last faults heal at 6 s, and no cure takes longer than 7 s. */
const calmAt = 14_000

const trouble = fc.record({
  fault: fc.constantFrom(...Object.values<Fault>(faults).map(({ name }) => name)),
  at: fc.integer({ min: 100, max: 3_000 }),
  lasts: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 300, max: 3_000 })),
  provider: fc.constantFrom(...ids),
  instance: fc.nat(instances - 1),
  /** Where a fault can do without: all of them. */
  aimed: fc.boolean(),
})

type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never

function stepsOf({ fault, at, lasts, provider, instance, aimed }: Trouble, n: number): Step[] {
  const { aims } = Object.values<Fault>(faults).find(({ name }) => name === fault)!
  const call = {
    fault,
    ...((aimed || aims.includes('provider')) && { provider }),
    ...((aimed || aims.includes('instance')) && { instance }),
    ...(fault === 'session-terminated' && { session: 's1' }),
  }
  return [
    { at, do: 'inject', id: `f${n}`, call },
    { at: at + lasts, do: 'heal', id: `f${n}` },
  ]
}

const ask = (at: number, n: number): Step => ({
  do: 'ask',
  at,
  request: `r${n}`,
  via: n % instances,
  session: `s${n % 25}`,
  shape: n % 2 ? 'openai' : 'anthropic',
  stream: n % 3 === 0,
  ...(n % 11 === 0 && { leaves: { after: 'send', ms: 30 } as const }),
})

const planOf = (troubles: readonly Trouble[]): Plan => ({
  scenario: 'any-faults',
  seed: 1,
  topology: topology({ instances, providers: ids.map((id, n) => provider({ id, limit: 8, priority: n })) }),
  paces: Object.fromEntries(ids.map(id => [id, pace])),
  steps: [
    { at: 0, do: 'phase' as const, phase: 'storm' as const },
    ...troubles.flatMap(stepsOf),
    ...Array.from({ length: requests }, (_, n) => ask((6_000 / requests) * n, n)),
    ...Array.from({ length: 12 }, (_, n) => ask(calmAt + 100 * n, 1_000 + n)),
  ].sort((a, b) => a.at - b.at),
})

const looks = 100

/** The same world, with censuses in the middle of it all. */
const lookedAt = (world: World): World => ({
  ...world,
  begin() {
    world.begin()
    const looking = async () => {
      for (let n = 1; n <= looks; n++) {
        await world.until(83 * n)
        await world.census()
      }
    }
    void looking()
  },
})

test(`the world is as it was (${again})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(trouble, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1, 30),
      async (troubles, lagMs) => {
        const events: Event[] = []
        let world: Awaited<ReturnType<typeof openVirtual>> | undefined
        let before: unknown
        const storm = { scenario: scenarios.providerOutage, tracker: lease, plan: planOf(troubles) }
        await run(
          storm,
          async (plan, tell) => {
            world = await openVirtual({ plan, tracker: lease, resources, lagMs, tell })
            before = stateOf(world.parts)
            return lookedAt(world)
          },
          event => events.push(event),
        )
        const { parts } = world!
        expect(stateOf(parts)).toEqual(before)
        // Whatever the store holds is what was told of it.
        const censuses = events.filter(event => event.kind === 'store-census')
        expect(censuses.length).toBe(ids.length * (looks + 1))
        expect(censuses.filter(({ matched }) => !matched)).toEqual([])
        for (const { members } of censuses.slice(-ids.length)) {
          expect(members.filter(member => !/^s:legacy-/.test(member))).toEqual([])
        }
        // Whoever asks now is served, by every instance, and leaves nothing behind.
        const calm = events.filter(event => event.kind === 'client-ended' && event.at > calmAt)
        const served = calm.filter(event => event.kind === 'client-ended' && event.outcome === 'complete')
        expect(served.length).toBeGreaterThanOrEqual(10)
        expect(events.filter(({ kind }) => kind === 'client-ended').length).toBe(requests + 12)
        for (const { core, open } of parts.instances) {
          expect(open).toBe(0)
          expect(core.state()).toMatchObject({ draining: false, requestsInFlight: 0, outbox: { count: 0 } })
          for (const { inFlight, held } of core.state().providers)
            expect({ inFlight, held }).toEqual({ inFlight: 0, held: 0 })
        }
        // Every attempt that began has ended.
        const open = new Set<string>()
        for (const event of events)
          if (event.kind === 'provider-began') open.add(event.attempt)
          else if (event.kind === 'provider-ended') expect(open.delete(event.attempt)).toBe(true)
        expect([...open]).toEqual([])
        expect(events.filter(({ kind }) => kind === 'receipt').length).toBe(troubles.length)
      },
    ),
    { seed, numRuns: runs },
  )
})
