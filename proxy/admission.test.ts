import { describe, expect, test } from 'vitest'
import { chanceFor } from '../sim/random.ts'
import { createAdmission, type Slot } from './admission.ts'
import type { StorePolicy } from './config.ts'
import type { ProxyEvent } from './events.ts'
import { Leases } from './leases.ts'
import { leaseMs, usualProvider } from './provider.ts'
import { Reach } from './reach.ts'
import type { ProxyRequest } from './request.ts'
import type { Admission as Answer } from './tracker/tracker.ts'

const request = (n: number) => ({ id: `r${n}`, session: `s${n}` }) as ProxyRequest

/** One of two instances, with a store that answers so. */
function stage({
  limit = 5,
  policy = 'local' as StorePolicy,
  answers = (): Answer => ({ kind: 'admitted', count: 1 }),
}) {
  const provider = { ...usualProvider, id: 'alpha', baseUrl: '', limit }
  const [leases, reach] = [new Leases([provider]), new Reach()]
  const events: ProxyEvent[] = []
  const released: string[] = []
  const ended: string[] = []
  const time = { now: 0 }
  let asked = 0
  const admission = createAdmission(
    { instance: 'p', instances: 2, whenStoreIsAway: policy } as never,
    {
      clock: { now: () => time.now },
      chance: chanceFor(1, 'admission'),
      tracker: {
        async acquire() {
          asked++
          return answers()
        },
      },
      emit: (event: ProxyEvent) => void events.push(event),
    } as never,
    {
      leases,
      reach,
      outbox: { release: ({ token }: { token: string }) => void released.push(token) } as never,
      endSession: member => void ended.push(member),
    },
  )
  return {
    provider,
    time,
    leases,
    events,
    released,
    ended,
    asked: () => asked,
    admit: (n: number) => admission.admit(provider, request(n)),
    async admitAll(most: number) {
      const answers = []
      for (let n = 0; n < most; n++) answers.push(await admission.admit(provider, request(n)))
      return answers.filter(one => one.admitted).length
    },
  }
}

const down = (): Answer => {
  throw new Error('down')
}

test('a slot is given back once, however often it is said to be over', async () => {
  const { provider, leases, released, admit } = stage({})
  const slot = (await admit(1)) as Slot
  expect(leases.countAt(provider)).toBe(1)
  slot.release('success')
  slot.release('failure')
  expect(released).toEqual([slot.token])
  expect(leases.countAt(provider)).toBe(0)
})

test.each<[Answer, number]>([
  [{ kind: 'full', count: 5, retryAfterMs: 123 }, 123],
  [{ kind: 'dead' }, usualProvider.heartbeatMs],
  [{ kind: 'terminated' }, usualProvider.heartbeatMs],
])('$kind is a refusal, and nothing is held or given back', async (answer, retryAfterMs) => {
  const { provider, leases, released, ended, admit } = stage({ answers: () => answer })
  expect(await admit(1)).toEqual({ admitted: false, retryAfterMs })
  expect(leases.countAt(provider)).toBe(0)
  expect(released).toEqual([])
  expect(ended).toEqual(answer.kind === 'terminated' ? ['s:s1'] : [])
})

describe('while the store is away', () => {
  test.each<[StorePolicy, number, number]>([
    ['local', 5, 2],
    ['local', 1, 1],
    ['local', 0, 20],
    ['open', 5, 20],
    ['closed', 5, 0],
    ['closed', 0, 0],
  ])(
    '%s, with a limit of %i for two instances, admits %i of 20; each decision is told',
    async (policy, limit, most) => {
      const { events, admitAll } = stage({ policy, limit, answers: down })
      expect(await admitAll(20)).toBe(most)
      const told = (kind: ProxyEvent['kind']) => events.filter(event => event.kind === kind).length
      expect(told('uncounted-admission')).toBe(most)
      expect(told('refused-without-store')).toBe(20 - most)
    },
  )

  test('three learn it from the store, each token given back, and nobody waits for it any more', async () => {
    const { released, admitAll, asked } = stage({ policy: 'open', answers: down })
    await admitAll(20)
    expect(asked()).toBe(3)
    expect(new Set(released).size).toBe(3)
  })

  test('slots are given back like any others, under tokens of their own', async () => {
    const { released, admit } = stage({ policy: 'open', answers: down })
    const slot = (await admit(1)) as Slot
    const [uncertain] = released
    expect(slot.token).not.toBe(uncertain)
    slot.release('success')
    expect(released).toEqual([uncertain, slot.token])
  })
})

test('what was served beyond its lease is told at its release, where no beat has told it before', async () => {
  const { provider, time, leases, events, admit } = stage({})
  const slots = [await admit(1), await admit(2), await admit(3)] as Slot[]
  const unleased = () => events.filter(({ kind }) => kind === 'unleased')
  time.now = leaseMs(provider) - provider.heartbeatMs
  slots[0]!.release('success')
  expect(unleased()).toEqual([])
  time.now++
  slots[1]!.release('success')
  expect(unleased()).toEqual([{ kind: 'unleased', provider: 'alpha', token: slots[1]!.token }])
  expect(leases.lapsed(provider, time.now)).toHaveLength(1)
  slots[2]!.release('success')
  expect(unleased()).toHaveLength(1)
})
