import { expect, test } from 'vitest'
import { lease, refCount, ttlOnly } from '../proxy/tracker/index.ts'
import { providerOutage } from '../scenarios/index.ts'
import type { Result, Verdict } from './checks/check.ts'
import { behaviourOf, differences } from './run.ts'

const verdicts = (results: Record<string, Result>): Verdict[] =>
  providerOutage.checks.map(({ name, kind }) => ({
    check: name,
    kind,
    result: results[name] ?? 'pass',
    because: '',
    evidence: [],
  }))
const all = (names: readonly string[], result: Result) => Object.fromEntries(names.map(name => [name, result]))
const behaves = (tracker: typeof lease, results: Record<string, Result> = {}) =>
  behaviourOf({ scenario: providerOutage, tracker, verdicts: verdicts(results) }).asDeclared

test('the reference and the spared pass everything, or are not as declared', () => {
  expect(behaves(lease)).toBe(true)
  expect(behaves(refCount)).toBe(true)
  expect(behaves(lease, { 'limits-hold': 'fail' })).toBe(false)
  expect(behaves(lease, { 'limits-hold': 'unknown' })).toBe(false)
})

test('a wrong one is caught by every check it declares, and by no fewer', () => {
  expect(behaves(ttlOnly, all(ttlOnly.breaks, 'fail'))).toBe(true)
  expect(behaves(ttlOnly, { ...all(ttlOnly.breaks, 'fail'), 'limits-hold': 'fail' })).toBe(true)
  expect(behaves(ttlOnly)).toBe(false)
  for (const missed of ttlOnly.breaks)
    for (const result of ['pass', 'unknown'] as const)
      expect(behaves(ttlOnly, { ...all(ttlOnly.breaks, 'fail'), [missed]: result })).toBe(false)
})

test('two worlds agree when every check has the same result, and their differences are named', () => {
  const judged = (world: 'live' | 'virtual', results: Record<string, 'pass' | 'unknown' | 'fail'>) => ({
    world,
    verdicts: Object.entries(results).map(([check, result]) => ({
      check,
      kind: 'safety' as const,
      result,
      because: '',
      evidence: [],
    })),
  })
  const live = judged('live', { 'limits-hold': 'fail', 'tracks-truth': 'pass' })
  expect(differences(live, judged('virtual', { 'tracks-truth': 'pass', 'limits-hold': 'fail' }))).toEqual([])
  expect(differences(live, judged('virtual', { 'tracks-truth': 'unknown', 'limits-hold': 'fail' }))).toEqual([
    'tracks-truth is pass in the live world and unknown in the virtual',
  ])
})
