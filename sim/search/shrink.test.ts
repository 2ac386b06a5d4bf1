import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { providerOutage, sameSession } from '../../scenarios/index.ts'
import { misaimed } from '../faults/aim.ts'
import type { FaultCall } from '../faults/fault.ts'
import { type AskStep, asksOf, makePlan, type Plan, type Step } from '../plan.ts'
import { shrink } from './shrink.ts'

const big = makePlan(providerOutage, 1)
const requestsOf = (plan: Plan) => asksOf(plan).map(({ request }) => request)
const faultsOf = (plan: Plan) => plan.steps.filter(({ do: what }) => what === 'inject').length

/** A failure in one word. */
const when = (holds: (plan: Plan) => boolean) => async (plan: Plan) => (holds(plan) ? ['broken'] : [])

async function shrunk(plan: Plan, holds: (plan: Plan) => boolean, mostPlays?: number): Promise<Plan> {
  const result = await shrink(plan, when(holds), mostPlays)
  return result!.plan
}

const isSorted = ({ steps }: Plan) => steps.every(({ at }, n) => n === 0 || at >= steps[n - 1]!.at)

describe('the result', () => {
  test('is what the failure needs, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(requestsOf(big), { maxLength: 5 }), fc.boolean(), async (needed, needsFault) => {
        const holds = (plan: Plan) =>
          needed.every(request => requestsOf(plan).includes(request)) && (!needsFault || faultsOf(plan) === 1)
        const small = await shrunk(big, holds)
        expect(holds(small)).toBe(true)
        expect(requestsOf(small)).toEqual(needed)
        expect(small.steps.length).toBe(needed.length + Number(needsFault))
        expect(isSorted(small)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('has one provider, one instance, one session and limits of 1, where that is enough', async () => {
    const small = await shrunk(big, plan => asksOf(plan).length >= 3)
    expect(small.topology.providers.map(({ limit }) => limit)).toEqual([1])
    expect(Object.keys(small.paces)).toEqual(small.topology.providers.map(({ id }) => id))
    expect(small.topology.instances).toBe(1)
    expect(new Set(asksOf(small).map(({ session }) => session)).size).toBe(1)
    expect(asksOf(small).every(({ stream, shape, via }) => !stream && shape === 'anthropic' && via === 0)).toBe(true)
    expect(asksOf(small).map(({ at }) => at)).toEqual([0, 0, 0])
  })

  test('has a lower limit, so that fewer requests go beyond it', async () => {
    const over = ({ topology, steps }: Plan) =>
      steps.filter(step => step.do === 'ask').length > topology.providers[0]!.limit
    const small = await shrunk(big, over)
    expect(small.topology.providers[0]!.limit).toBe(1)
    expect(small.steps.length).toBe(2)
  })

  test('keeps the limit that the failure needs', async () => {
    const small = await shrunk(big, ({ topology }) => topology.providers[0]!.limit >= 7)
    expect(small.topology.providers[0]!.limit).toBe(7)
  })

  test('keeps as many instances as meet in the failure', async () => {
    const small = await shrunk(big, plan => new Set(asksOf(plan).map(({ via }) => via)).size === 2)
    expect(small.topology.instances).toBe(2)
    expect(asksOf(small).length).toBe(2)
  })

  test('keeps a provider with its faults and its pace, or none of the three', async () => {
    const small = await shrunk(big, ({ topology }) => topology.providers.some(({ id }) => id === 'beta'))
    expect(small.topology.providers.map(({ id }) => id)).toEqual(['beta'])
    expect(Object.keys(small.paces)).toEqual(['beta'])
    expect(small.steps).toEqual([])
  })

  test('has a fault that heals soon, where it must heal', async () => {
    const healed = (plan: Plan) => plan.steps.some(({ do: what }) => what === 'heal') && faultsOf(plan) === 1
    const small = await shrunk(big, healed)
    expect(small.steps.map(({ do: what }) => what)).toEqual(['inject', 'heal'])
    expect(small.steps[1]!.at - small.steps[0]!.at).toBeLessThan(100)
  })

  test('keeps the order of a fault and a request, and a moment between them', async () => {
    const after = (plan: Plan) => {
      const fault = plan.steps.findIndex(({ do: what }) => what === 'inject')
      return fault >= 0 && plan.steps.slice(fault).some(({ do: what }) => what === 'ask')
    }
    const small = await shrunk(big, after)
    expect(small.steps.map(step => [step.do, step.at])).toEqual([
      ['inject', 0],
      ['ask', 20],
    ])
  })

  test('is usual in all that does not matter, and odd in what does', async () => {
    const odd: Plan = {
      ...big,
      topology: {
        ...big.topology,
        toStore: { minMs: 1, maxMs: 2 },
        providers: big.topology.providers.map(spec => ({ ...spec, heartbeatMs: 1_237, weight: 0.3, unit: 'attempt' })),
      },
    }
    const small = await shrunk(odd, ({ topology }) => topology.providers.some(({ heartbeatMs }) => heartbeatMs > 1_000))
    expect(small.topology).not.toHaveProperty('toStore')
    expect(small.topology.providers).toMatchObject([{ heartbeatMs: 1_237, weight: 1, unit: 'session' }])
  })

  test('lets clients stay, unless it is their leaving that fails', async () => {
    const leaving = (ask: AskStep): AskStep => ({ ...ask, leaves: { after: 'first-byte', ms: 5 } })
    const plan: Plan = { ...big, steps: big.steps.map(step => (step.do === 'ask' ? leaving(step) : step)) }
    const staying = await shrunk(plan, candidate => asksOf(candidate).length >= 2)
    expect(asksOf(staying).map(({ leaves }) => leaves)).toEqual([undefined, undefined])
    const left = await shrunk(plan, candidate => asksOf(candidate).some(({ leaves }) => leaves))
    expect(asksOf(left)).toMatchObject([{ leaves: { after: 'first-byte', ms: 5 } }])
  })
})

describe('faults of the store, the ways and the proxies', () => {
  const calls: FaultCall[] = [
    { fault: 'store-frozen' },
    { fault: 'proxy-killed', instance: 1 },
    { fault: 'link-cut', instance: 0, provider: 'beta' },
    { fault: 'primary-killed', provider: 'beta' },
  ]
  const plan: Plan = {
    ...big,
    steps: [
      ...big.steps,
      ...calls.flatMap((call, n): Step[] => [
        { at: 2_100 + n, do: 'inject', id: `s${n}`, call },
        { at: 4_100 + n, do: 'heal', id: `s${n}` },
      ]),
    ].sort((a, b) => a.at - b.at),
  }
  const callsOf = ({ steps }: Plan) => steps.flatMap(step => (step.do === 'inject' ? [step.call] : []))

  test.each(calls)('$fault stays alone, with what it is aimed at, and heals soon', async call => {
    const healed = ({ steps }: Plan) => steps.some(step => step.do === 'heal' && step.id === `s${calls.indexOf(call)}`)
    const small = await shrunk(plan, one => callsOf(one).some(({ fault }) => fault === call.fault) && healed(one))
    expect(callsOf(small)).toEqual([call])
    expect(misaimed(call, small.topology)).toBeUndefined()
    expect(small.topology.instances).toBe((call.instance ?? 0) + 1)
    expect(small.topology.providers.length).toBe(1)
    const [begins, ends] = small.steps
    expect(small.steps.length).toBe(2)
    expect(ends!.at - begins!.at).toBeLessThan(100)
  })
})

test('what makes a plan only simpler costs none of the failures it shows', async () => {
  const shows = async (plan: Plan) => {
    const [ask] = asksOf(plan)
    return [...(ask ? ['any'] : []), ...(ask?.stream && ask.at >= 1_000 ? ['late stream'] : [])]
  }
  const plan: Plan = { ...big, steps: asksOf(big).map(ask => ({ ...ask, stream: true, at: 3_000 })) }
  expect(asksOf((await shrink(plan, shows))!.plan)).toMatchObject([{ stream: true, at: 1_000 }])
})

test('the number of plays is bounded, and what comes out fails all the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async mostPlays => {
      let plays = 0
      const shows = async (plan: Plan) => {
        plays++
        return asksOf(plan).length >= 3 ? ['three'] : []
      }
      const result = (await shrink(makePlan(sameSession, 1), shows, mostPlays))!
      expect(result.plays).toBe(plays)
      expect(plays).toBeLessThanOrEqual(mostPlays)
      expect(asksOf(result.plan).length).toBeGreaterThanOrEqual(3)
    }),
    { numRuns: 20 },
  )
})

test('a plan that does not fail is none to be shrunk', async () => {
  expect(await shrink(big, async () => [])).toBeUndefined()
})
