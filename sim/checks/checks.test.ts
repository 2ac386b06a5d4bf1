/** What every check promises: it passes a clean history, fails its own counterexample, and passes nothing by default. */
import { describe, expect, test } from 'vitest'
import { judge } from '../judge.ts'
import { measure } from '../measure/index.ts'
import type { Check } from './check.ts'
import * as registry from './index.ts'
import { cleanHistory, inOrder, sampleTopology } from './sample.ts'

const checks: Check[] = Object.values(registry)
const verdictsOf = (history: Parameters<typeof measure>[0]) =>
  judge(checks, measure(history, sampleTopology), sampleTopology)

test('names are unique', () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length)
})

describe.each(checks)('$name', check => {
  const own = (history: Parameters<typeof measure>[0]) => check.of(measure(history, sampleTopology), sampleTopology)

  test('passes the clean history', () => {
    expect(own(cleanHistory)).toMatchObject({ result: 'pass' })
  })

  test('speaks up at its counterexample, and says why', () => {
    const { result, because } = own(check.counterexample(cleanHistory))
    expect(result).toBe(check.kind === 'soundness' ? 'unknown' : 'fail')
    expect(because).toMatch(/\w/)
    expect(because).not.toContain('undefined')
  })

  test('does not pass an empty history', () => {
    const verdict = verdictsOf([]).find(({ check: name }) => name === check.name)!
    // Nothing was injected, so nothing had to land.
    expect(verdict.result).toBe(check.name === 'faults-landed' ? 'pass' : 'unknown')
  })
})

test('a fault that did not land makes every passed claim unknown, and leaves a failed one failed', () => {
  const notLanded = registry.faultsLanded.counterexample(cleanHistory)
  const results = new Set(
    verdictsOf(notLanded)
      .filter(({ kind }) => kind !== 'soundness')
      .map(({ result }) => result),
  )
  expect(results).toEqual(new Set(['unknown']))
  const both = registry.limitsHold.counterexample(notLanded)
  expect(verdictsOf(both).find(({ check }) => check === 'limits-hold')!.result).toBe('fail')
})

test('a release that Redis lost is excused for as long as its lease lives, and not longer', () => {
  const spoilt = registry.everySlotReturned.counterexample(cleanHistory)
  const quick = { ...sampleTopology, providers: sampleTopology.providers.map(spec => ({ ...spec, heartbeatMs: 100 })) }
  const verdict = (lostAt: number) => {
    const lost = { from: 'tap', kind: 'store-lost', provider: 'alpha', member: 's:s3', score: 1, node: 'n' } as const
    const history = inOrder([...spoilt, { ...lost, at: lostAt, since: lostAt - 1, offset: lostAt }])
    return registry.everySlotReturned.of(measure(history, quick), quick).result
  }
  expect(verdict(1_700)).toBe('pass')
  expect(verdict(1_500)).toBe('fail')
})

test('a check that throws is unknown', () => {
  const broken: Check = {
    ...registry.limitsHold,
    name: 'broken',
    of: () => {
      throw new Error('oh')
    },
  }
  const verdict = judge([broken], measure(cleanHistory, sampleTopology), sampleTopology).find(
    ({ check }) => check === 'broken',
  )
  expect(verdict).toMatchObject({ result: 'unknown', because: expect.stringContaining('oh') })
})
