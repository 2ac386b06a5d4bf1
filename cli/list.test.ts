import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as trackers from '../proxy/tracker/index.ts'
import * as scenarios from '../scenarios/index.ts'
import * as checks from '../sim/checks/index.ts'
import * as faults from '../sim/faults/index.ts'
import * as loads from '../sim/load/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { BadArgument } from './errors.ts'
import { regenerate } from './list/markdown.ts'
import { list } from './list.ts'

const text = list({ json: false, markdown: false })
const json = JSON.parse(list({ json: true, markdown: false }))

const names = (registry: Readonly<Record<string, { name: string }>>) =>
  Object.values(registry)
    .map(({ name }) => name)
    .sort()

test.each([
  ['scenarios', names(scenarios)],
  ['faults', names(faults)],
  ['checks', names(checks)],
  ['trackers', names(trackers)],
  ['loads', Object.keys(loads).sort()],
])('%s are all listed, for people and for machines', (kind, expected) => {
  expect(json[kind].map(({ name }: { name: string }) => name)).toEqual(expected.toSorted())
  for (const name of expected) expect(text).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
})

test.each(Object.values<Scenario>(scenarios))('$name is listed with all that it is', scenario => {
  expect(json.scenarios).toContainEqual({
    name: scenario.name,
    claim: scenario.claim,
    worlds: scenario.worlds,
    faults: expect.arrayContaining(scenario.faults.map(({ call }) => call.fault)),
    checks: scenario.checks.map(({ name }) => name),
    catches: scenario.catches,
    spares: scenario.spares,
  })
})

test('scenarios/README.md is what the list prints', () => {
  const kept = readFileSync(join(import.meta.dirname, '../scenarios/README.md'), 'utf8')
  expect(list({ json: false, markdown: true }), `regenerate it: ${regenerate}`).toBe(kept)
})

test('one form at a time', () => {
  expect(() => list({ json: true, markdown: true })).toThrow(BadArgument)
})
