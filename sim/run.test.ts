import { expect, test } from 'vitest'
import { lease, refCount, ttlOnly } from '../proxy/tracker/index.ts'
import { providerOutage } from '../scenarios/index.ts'
import type { Result, Verdict } from './checks/check.ts'
import { behaviourOf } from './run.ts'

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
