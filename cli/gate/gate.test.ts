import { describe, expect, test } from 'vitest'
import * as scenarios from '../../scenarios/index.ts'
import { burstAtLimit } from '../../scenarios/index.ts'
import type { Outcome } from '../../sim/search/play-seed.ts'
import { BadArgument } from '../errors.ts'
import { linesOf, whatCameOf } from './claim.ts'
import { selected, shareOf, worldsNamed } from './select.ts'

const held = (seed: number): Outcome => ({ seed, requests: 1, simulatedMs: 1, failed: [], unknown: [] })
const fell = (seed: number): Outcome => ({ ...held(seed), failed: ['limits-hold'], because: '7 sessions were there' })
const open = (seed: number): Outcome => ({ ...held(seed), unknown: ['tracks-truth: nothing was in flight'] })
const broke = (seed: number): Outcome => ({ ...held(seed), broke: 'Standstill: at 7 ms' })
const skipped = (seed: number): Outcome => ({ ...held(seed), unknown: ['skipped: no lever'], skipped: 'no lever' })

const came = (virtual: Outcome[], live?: Outcome[]) =>
  whatCameOf({ scenario: burstAtLimit, played: { virtual, ...(live && { live }) } })
const lines = (virtual: Outcome[], live?: Outcome[]) =>
  linesOf({ scenario: burstAtLimit, played: { virtual, ...(live && { live }) } }, 0, false)

describe('a claim', () => {
  test('holds where every seed of every world passed', () => {
    expect(came([held(1), held(2)], [held(1)])).toBe('pass')
    expect(lines([held(1), held(2)], [held(1)])).toEqual([
      `✓ burst-at-limit  ${burstAtLimit.claim} (virtual 2 seeds, live 1 seed)`,
    ])
  })

  test('fails with one seed, in whichever world, and says which line plays it again', () => {
    expect(came([held(1), fell(2), fell(3)])).toBe('fail')
    expect(came([held(1)], [fell(1)])).toBe('fail')
    expect(lines([held(1), fell(2), fell(3)])).toEqual([
      `✗ burst-at-limit  ${burstAtLimit.claim} (virtual 1 of 3 seeds)`,
      '    virtual: seed 2 fails limits-hold: 7 sessions were there',
      '      again: npx stormproof run burst-at-limit --world virtual --seed 2',
    ])
  })

  test('is open where something could not be judged, or the world broke down', () => {
    expect(came([held(1), open(2)])).toBe('unknown')
    expect(came([held(1)], [broke(1)])).toBe('unknown')
    expect(lines([broke(1), open(2)])).toContain('    virtual: seed 1 breaks the world down: Standstill: at 7 ms')
    expect(lines([broke(1), open(2)])).toContain(
      '    virtual: seed 2 cannot be judged: tracks-truth: nothing was in flight',
    )
  })

  test('that was skipped never holds; skipped in one world it is judged in the other', () => {
    expect(came([skipped(1)], [skipped(1)])).toBe('skipped')
    expect(came([])).toBe('skipped')
    expect(came([held(1)], [skipped(1)])).toBe('pass')
    expect(came([fell(1)], [skipped(1)])).toBe('fail')
    expect(lines([held(1)], [skipped(1)])).toEqual([
      `✓ burst-at-limit  ${burstAtLimit.claim} (virtual 1 seed, live skipped)`,
      '    live: skipped: no lever',
    ])
  })
})

describe('the selection', () => {
  test('is the whole catalogue, or what is named', () => {
    expect(selected({ only: undefined, shard: undefined })).toEqual(Object.values(scenarios))
    expect(selected({ only: 'same-session, burst-at-limit', shard: undefined })).toEqual([
      scenarios.sameSession,
      scenarios.burstAtLimit,
    ])
    expect(() => selected({ only: 'same-sesion', shard: undefined })).toThrow('did you mean same-session')
  })

  test('shares are the whole together, and nothing twice', () => {
    const all = [1, 2, 3, 4, 5, 6, 7]
    const shares = ['1/3', '2/3', '3/3'].map(shard => shareOf(all, shard))
    expect(shares.flat().sort()).toEqual(all)
    expect(shares.map(share => share.length)).toEqual([3, 2, 2])
    for (const wrong of ['0/3', '4/3', '1', 'x/3', '1/0', '-1/2', '1/2/3'])
      expect(() => shareOf(all, wrong)).toThrow(BadArgument)
  })

  test('worlds', () => {
    expect(worldsNamed('both')).toEqual(['virtual', 'live'])
    expect(worldsNamed('live')).toEqual(['live'])
    expect(() => worldsNamed('real')).toThrow(BadArgument)
  })
})
