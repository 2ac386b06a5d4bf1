import { expect, test } from 'vitest'
import * as checks from '../sim/checks/index.ts'
import { cleanHistory, lateRemoval, sampleTopology } from '../sim/checks/sample.ts'
import type { Event } from '../sim/history.ts'
import { judge } from '../sim/judge.ts'
import { measure } from '../sim/measure/index.ts'
import { type RunRecord, runRecord } from '../sim/run-record.ts'
import { formats, table } from './index.ts'

const record = (tracker: string, history: readonly Event[]): RunRecord => {
  const measured = measure(history, sampleTopology)
  return {
    schema: 1,
    scenario: 'sample',
    claim: 'the sample is clean',
    world: 'live',
    tracker,
    seed: 7,
    commit: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    wallMs: 2_200,
    history: { events: history.length, sha256: '' },
    figures: measured.figures,
    receipts: [{ fault: 'provider-fails', landed: true, because: 'alpha answered 3 requests with an error' }],
    verdicts: judge(Object.values(checks), measured, sampleTopology).map(verdict => ({
      ...verdict,
      evidence: [...verdict.evidence],
    })),
    environment: {},
  }
}
const clean = record('right', cleanHistory)
const spoilt = record('wrong', lateRemoval(cleanHistory, 's4', Number.POSITIVE_INFINITY))

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

test('JSON reads back as the record', () => {
  expect(runRecord.parse(JSON.parse(formats.json.render(clean, { colour: false })))).toEqual(clean)
})

test('the console shows each claim and why, and the line that plays it again', () => {
  const text = formats.console.render(spoilt, { colour: false })
  for (const { check, because } of spoilt.verdicts)
    expect(text).toMatch(new RegExp(`[✓?✗] ${check} +${escaped(because)}`))
  expect(text).toContain('✗ residency-within')
  expect(text).toContain('session s4 stayed at least')
  expect(text.split('\n').at(-1)).toBe('again: npx stormproof run sample --world live --tracker wrong --seed 7')
})

test('the table puts runs side by side, and colours only where asked', () => {
  expect(table.renderAll([clean, spoilt], { colour: false })).toMatchInlineSnapshot(`
    "
    tracker  residency p50      p99      max  phantoms  truth after  overshoot  ghost refusals  tracking error  redis errors  claims held

    sample
    right           1.0 ms   1.0 ms   1.0 ms         0       0.0 ms          0               0           0.0 %  none          30 of 30
    wrong           1.0 ms  1463 ms  1463 ms         0     >1100 ms          0               0         158.9 %  none          26 of 30; broke recovers-within, refs-match-members, residency-within, tracks-truth
    "
  `)
  const colour = String.fromCharCode(27)
  expect(table.renderAll([clean], { colour: false })).not.toContain(colour)
  expect(table.renderAll([clean], { colour: true })).toContain(colour)
})
