import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Outcome } from '../sim/search/play-seed.ts'
import { exitCodes, Ours } from './errors.ts'
import type { Pool } from './search/pool.ts'
import { type Hands, searchOne } from './search.ts'

const said = { out: '', err: '' }
beforeEach(() => {
  said.out = said.err = ''
  vi.spyOn(console, 'log').mockImplementation(text => void (said.out += `${text}\n`))
  vi.spyOn(console, 'error').mockImplementation(text => void (said.err += `${text}\n`))
})
afterEach(() => vi.restoreAllMocks())

const historyOf = (seed: number) => `{"at":0,"seed":${seed}}\n{"at":1,"seed":${seed}}\n`
const good = (seed: number): Outcome => ({ seed, requests: 10, simulatedMs: 1_000, failed: [], unknown: [] })

/** Hands whose threads tell what `outcomeOf` says, and whose second process plays as `again` does. */
function hands(outcomeOf: (seed: number) => Outcome, again = async (seed: number) => historyOf(seed)): Hands {
  const play: Pool['play'] = async work => {
    while (!work.over) {
      const { seeds, keep, subject } = work.next()!
      for (const seed of seeds)
        work.told({ ...outcomeOf(seed), ...(keep.includes(seed) && { history: historyOf(seed) }) }, subject)
    }
  }
  return {
    pool: { play, close: async () => {} },
    second: { play: (_, seed) => again(seed), close: () => {} },
    progress: { step: () => {}, update: () => {}, done: () => {}, note: () => {}, stop: () => {} },
    signal: new AbortController().signal,
  }
}

const subject = { scenario: 'provider-outage', tracker: 'lease', swarm: false }
const options = { seeds: 120, from: 1, tracker: 'lease', swarm: false, out: tmpdir(), jobs: 2, failFast: true }

test('every claim held', async () => {
  expect(await searchOne(subject, options, hands(good))).toBe(exitCodes.passed)
  expect(said.out).toMatch(
    /^provider-outage with lease: 120 seeds, every claim held; 1,200 requests in 2\.0 min of virtual time, .* seeds\/s; 4 played again in another process, to the same byte\n$/,
  )
})

test('a seed that plays differently in the second process is a loud failure of ours', async () => {
  const again = async (seed: number) => (seed === 51 ? historyOf(seed).replace('1', '2') : historyOf(seed))
  expect(await searchOne(subject, options, hands(good, again))).toBe(exitCodes.ours)
  expect(said.err).toMatch(/^NOT DETERMINISTIC: provider-outage with lease, seed 51, left two different histories/)
  expect(said.err).toContain('{"at":0,"seed":51}')
})

test('a second process that ends is no agreement', async () => {
  const again = () => Promise.reject(new Error('the second process ended while it played seed 1'))
  await expect(searchOne(subject, options, hands(good, again))).rejects.toThrow('the second process ended')
})

test('nothing broke, and something could not be judged', async () => {
  const unknown = (seed: number) => ({ ...good(seed), unknown: seed % 50 === 7 ? ['residency-within: no sample'] : [] })
  expect(await searchOne(subject, options, hands(unknown))).toBe(exitCodes.unknown)
  expect(said.out).toContain('no claim broke, 3 could not be judged')
  expect(said.out).toContain('could not be judged: seed 7, 57, 107; seed 7: residency-within: no sample')
})

test('a seed that fails in a thread and nowhere else is a failure of ours', async () => {
  const failing = (seed: number) => ({ ...good(seed), failed: seed === 60 ? ['limits-hold'] : [] })
  const playing = searchOne(subject, options, hands(failing))
  await expect(playing).rejects.toThrow(Ours)
  await expect(playing).rejects.toThrow(/^seed 60 failed in a thread of the search, and does not fail in this process$/)
  expect(said.out).toBe('provider-outage with lease: seed 60 fails limits-hold\n')
})
