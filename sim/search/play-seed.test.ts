import { expect, test } from 'vitest'
import { lease } from '../../proxy/tracker/index.ts'
import { providerOutage } from '../../scenarios/index.ts'
import { Standstill } from '../clock.ts'
import { makePlan } from '../plan.ts'
import type { World } from '../world.ts'
import { isFailure, type Outcome, playSeed, shownAgain } from './play-seed.ts'

const outcome = (of: Partial<Outcome>): Outcome => ({
  seed: 1,
  requests: 1,
  simulatedMs: 1,
  failed: [],
  unknown: [],
  ...of,
})

test('a world that breaks down is an outcome, and a failure of its own', async () => {
  const storm = { scenario: providerOutage, tracker: lease, plan: makePlan(providerOutage, 7) }
  const broke = await playSeed(storm, async () => {
    throw new Standstill('at 12 ms nobody sleeps any more, and the work is not done')
  })
  expect(broke).toMatchObject({ seed: 7, failed: [], broke: expect.stringContaining('nobody sleeps any more') })
  expect(isFailure(broke)).toBe(true)
})

test('a world that lacks a lever skips the storm, and passes nothing', async () => {
  const storm = { scenario: providerOutage, tracker: lease, plan: makePlan(providerOutage, 7) }
  let closed = false
  const bare = {
    name: 'live',
    levers: {},
    drive: <T>(work: Promise<T>) => work,
    close: async () => void (closed = true),
  }
  const skipped = await playSeed(storm, async () => bare as unknown as World)
  const because = 'provider-fails needs provider, which the live world has not'
  expect(skipped).toMatchObject({ requests: 0, failed: [], skipped: because, unknown: [`skipped: ${because}`] })
  expect(closed).toBe(true)
})

test('an interruption is none', async () => {
  const storm = { scenario: providerOutage, tracker: lease, plan: makePlan(providerOutage, 7) }
  const signal = AbortSignal.abort(new Error('interrupted'))
  const interrupted = playSeed(storm, () => Promise.reject(signal.reason), { signal })
  await expect(interrupted).rejects.toThrow('interrupted')
})

test('a smaller plan shows what it fails of what the original failed', () => {
  const again = shownAgain(outcome({ failed: ['limits-hold', 'tracks-truth'] }))
  expect(again(outcome({ failed: ['tracks-truth', 'residency-within'] }))).toEqual(['tracks-truth'])
  expect(again(outcome({ failed: ['residency-within'] }))).toEqual([])
  expect(again(outcome({ broke: 'Standstill: at 7 ms' }))).toEqual([])
})

test('a world breaks down again in the same words, whatever the time', () => {
  const again = shownAgain(outcome({ broke: 'Standstill: at 7 ms nobody sleeps' }))
  expect(again(outcome({ broke: 'Standstill: at 13.5 ms nobody sleeps' }))).toHaveLength(1)
  expect(again(outcome({ broke: 'TypeError: x is not a function' }))).toEqual([])
  expect(again(outcome({ failed: ['limits-hold'] }))).toEqual([])
})
