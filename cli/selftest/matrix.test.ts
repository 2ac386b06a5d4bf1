import { expect, test } from 'vitest'
import { lease, refCount, ttlOnly } from '../../proxy/tracker/index.ts'
import { providerOutage, successThenFailure } from '../../scenarios/index.ts'
import { mustFail } from '../../sim/run.ts'
import type { Outcome } from '../../sim/search/play-seed.ts'
import { castOf, playsOf } from './cast.ts'
import { type Cell, cellOf, survivorsOf } from './matrix.ts'
import { renderMatrix } from './render.ts'

const held = (seed: number): Outcome => ({ seed, requests: 1, simulatedMs: 1, failed: [], unknown: [] })
const fell = (seed: number, ...failed: string[]): Outcome => ({ ...held(seed), failed, because: 'so it was' })
const must = mustFail(providerOutage, ttlOnly)

test('a wrong tracker must fail all that it declares, on every seed', () => {
  const caught = cellOf('virtual', providerOutage, ttlOnly, [fell(1, ...must), fell(2, ...must, 'limits-hold')])
  expect(caught).toMatchObject({ declared: 'is caught', astray: [], undecided: [], seeds: 2 })
  expect(caught.caughtBy).toEqual({ ...Object.fromEntries(must.map(check => [check, 2])), 'limits-hold': 1 })
  const missed = cellOf('virtual', providerOutage, ttlOnly, [fell(1, ...must), fell(2, ...must.slice(1))])
  expect(missed.astray).toEqual([{ seed: 2, because: `not caught by ${must[0]}` }])
})

test('the reference and the spared must fail nothing, and be judged', () => {
  for (const tracker of [lease, refCount]) {
    expect(cellOf('virtual', providerOutage, tracker, [held(1)])).toMatchObject({ declared: 'passes', astray: [] })
    expect(cellOf('virtual', providerOutage, tracker, [held(1), fell(2, 'limits-hold')]).astray).toEqual([
      { seed: 2, because: 'accused by limits-hold: so it was' },
    ])
    const open = { ...held(3), unknown: ['tracks-truth: nothing was in flight'] }
    expect(cellOf('virtual', providerOutage, tracker, [open]).undecided).toHaveLength(1)
  }
})

test('of one that declares nothing, nothing is expected; a world that breaks down is never as declared', () => {
  const cell = cellOf('virtual', successThenFailure, ttlOnly, [held(1), { ...held(2), broke: 'Standstill' }])
  expect(cell).toMatchObject({ declared: 'nothing', astray: [], undecided: [{ seed: 2, because: 'Standstill' }] })
  const wrong = cellOf('virtual', providerOutage, ttlOnly, [{ ...held(1), broke: 'Standstill' }])
  expect(wrong.undecided).toHaveLength(1)
})

test('whoever no check caught in a world survives it; what was skipped proves nothing', () => {
  const caught = cellOf('virtual', providerOutage, ttlOnly, [fell(1, ...must)])
  const missed = cellOf('live', providerOutage, ttlOnly, [held(1)])
  const skipped = cellOf('live', providerOutage, ttlOnly, [{ ...held(1), skipped: 'no lever' }])
  expect(survivorsOf([caught, missed], [ttlOnly])).toEqual(['ttl-only survives the live world'])
  expect(survivorsOf([caught, skipped], [ttlOnly])).toEqual([])
  expect(skipped).toMatchObject({ skipped: 'no lever', astray: [] })
})

test('the cast: everybody meets everything in virtual time, the declared ones alone live', () => {
  const all = castOf(undefined)
  const usual = { ...all, scenarios: all.scenarios.filter(({ costs }) => costs === undefined) }
  expect(playsOf(usual, 'virtual', [1, 2]).length).toBe(2 * usual.scenarios.length * (1 + all.wrong.length))
  const dear = { ...all, scenarios: [{ ...providerOutage, costs: 10 }] }
  expect(playsOf(dear, 'virtual', [1, 2]).length).toBe(1 + providerOutage.catches.length + providerOutage.spares.length)
  const live = playsOf(castOf('provider-outage'), 'live', [1])
  expect(live.map(({ tracker }) => tracker.name).sort()).toEqual(['lease', ...providerOutage.catches].sort())
  expect(new Set(castOf('provider-outage').wrong.map(({ name }) => name))).toEqual(new Set(providerOutage.catches))
  expect(castOf('ttl-only')).toMatchObject({ scenarios: all.scenarios, wrong: [ttlOnly] })
  expect(() => castOf('ttl-olny')).toThrow('did you mean ttl-only')
})

test('the matrix shows each verdict as one mark', () => {
  const cells: Cell[] = [
    cellOf('virtual', providerOutage, lease, [held(1)]),
    cellOf('virtual', providerOutage, ttlOnly, [fell(1, ...must)]),
    cellOf('virtual', successThenFailure, lease, [fell(1, 'limits-hold')]),
    cellOf('virtual', successThenFailure, ttlOnly, [fell(1, 'tracks-truth')]),
  ]
  const [head, ...rows] = renderMatrix(cells, false).split('\n')
  expect(head).toBe('virtual               a b')
  expect(rows.slice(0, 2)).toEqual(['provider-outage       ✓ ●', 'success-then-failure  ✗ ○'])
  expect(rows.slice(3, 5)).toEqual([
    'a lease     ACCUSED in success-then-failure (limits-hold)',
    `b ttl-only  caught in provider-outage (${must.join(', ')}); also in success-then-failure`,
  ])
})
