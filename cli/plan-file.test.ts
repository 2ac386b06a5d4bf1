import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as scenarios from '../scenarios/index.ts'
import { asksOf, type Plan, type Step } from '../sim/plan.ts'
import type { Scenario } from '../sim/scenario.ts'
import { shrink } from '../sim/search/shrink.ts'
import { plannedFor } from '../sim/search/swarm/index.ts'
import { BadArgument } from './errors.ts'
import { planFile, readPlanFile } from './plan-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stormproof-plan-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function left(text: string): string {
  const path = join(folder, `plan-${++files}.json`)
  writeFileSync(path, text)
  return path
}

const small: Plan = {
  ...plannedFor(scenarios.providerOutage, 1, false),
  steps: [
    { at: 0, do: 'inject', id: 'f1', call: { fault: 'provider-fails', provider: 'alpha', status: 500 } },
    { at: 20, do: 'ask', request: 'r1', via: 0, session: 's1', shape: 'openai', stream: true },
    { at: 30, do: 'ask', request: 'r2', via: 1, session: 's1', shape: 'openai', stream: true },
    { at: 90, do: 'heal', id: 'f1' },
  ],
}

describe('what is written reads back as it was', () => {
  test.each(Object.values<Scenario>(scenarios))('$name, its own plan and swarms', scenario => {
    for (let seed = 1; seed <= 5; seed++)
      for (const swarm of [false, true]) {
        const plan = plannedFor(scenario, seed, swarm)
        expect(readPlanFile(left(planFile(plan, 'lease')))).toEqual({ plan, tracker: 'lease' })
      }
  })

  test.each(Object.values<Scenario>(scenarios))('$name, and whatever a shrinker tries of it', async scenario => {
    const tried: Plan[] = []
    const needs = scenario.faults.length
    await shrink(plannedFor(scenario, 1, true), async plan => {
      tried.push(plan)
      const faults = plan.steps.filter(step => step.do === 'inject').length
      return asksOf(plan).length >= 3 && faults >= needs ? ['three requests, and the faults'] : []
    })
    expect(tried.length).toBeGreaterThan(20)
    for (const plan of tried) expect(readPlanFile(left(planFile(plan, 'lease'))).plan).toEqual(plan)
  })

  test('a step a line', () => {
    const lines = planFile(small, 'ttl-only').split('\n')
    expect(lines.filter(line => line.includes('"do":')).length).toBe(4)
    expect(readPlanFile(left(lines.join('\n')))).toEqual({ plan: small, tracker: 'ttl-only' })
  })

  test('by the file, by the folder of a run, by its run.json', () => {
    const run = join(folder, 'a-run')
    mkdirSync(run)
    writeFileSync(join(run, 'plan.json'), planFile(small, 'lease'))
    writeFileSync(join(run, 'run.json'), '{}')
    for (const given of [run, join(run, 'plan.json'), join(run, 'run.json')])
      expect(readPlanFile(given).plan).toEqual(small)
  })
})

describe('a bad file is one line that says what is wrong, and where', () => {
  const message = (path: string) => {
    try {
      readPlanFile(path)
    } catch (error) {
      expect(error).toBeInstanceOf(BadArgument)
      const text = (error as Error).message
      expect(text).not.toContain('\n')
      return text
    }
    throw new Error('it was read')
  }
  /** The small plan's file as data, changed. */
  const spoilt = (change: (file: ReturnType<typeof JSON.parse>) => void) => {
    const file = JSON.parse(planFile(small, 'lease'))
    change(file)
    return left(JSON.stringify(file))
  }
  const step = (n: number, fields: Partial<Step>) => spoilt(file => Object.assign(file.steps[n], fields))

  test('none there', () => {
    expect(message(join(folder, 'nothing.json'))).toBe(
      `${join(folder, 'nothing.json')}: cannot be read (ENOENT); name a plan.json, or a run's folder`,
    )
    expect(message(folder)).toBe(
      `${join(folder, 'plan.json')}: cannot be read (ENOENT); name a plan.json, or a run's folder`,
    )
  })

  test('no JSON, or JSON of something else', () => {
    expect(message(left('{"schema": 1,'))).toMatch(/: not JSON: /)
    expect(message(left('[]'))).toMatch(/: the file: /)
    expect(message(left('{"schema": 1}'))).toMatch(/: tracker: /)
    expect(message(spoilt(file => (file.schema = 2)))).toMatch(/: schema: /)
  })

  test.each<[string, (file: ReturnType<typeof JSON.parse>) => void, string]>([
    ['no scenario', file => delete file.scenario, 'scenario: '],
    ['a seed below 0', file => (file.seed = -1), 'seed: '],
    ['no provider at all', file => (file.topology.providers = []), 'topology.providers: '],
    ['an id that is no part of a key', file => (file.topology.providers[0].id = 'a}b'), 'topology.providers.0.id: '],
    ['a limit below 0', file => (file.topology.providers[0].limit = -1), 'topology.providers.0.limit: '],
    ['no instance', file => (file.topology.instances = 0), 'topology.instances: '],
    [
      'an older version nobody knows',
      file => (file.topology.older = { tracker: 'oldest', instances: [1] }),
      'topology.older.tracker: ',
    ],
    ['a field nobody knows', file => (file.topology.providers[0].color = 'red'), 'topology.providers.0: '],
    [
      'two providers of one id',
      file => (file.topology.providers[1].id = 'alpha'),
      'topology.providers: two have the same id',
    ],
    ['a provider without a pace', file => delete file.paces.beta, 'paces.beta: missing'],
    ['a spread above 1', file => (file.paces.beta.spread = 2), 'paces.beta.spread: '],
    [
      'a way to the store that is no range',
      file => (file.topology.toStore = { minMs: 2, maxMs: 1 }),
      'topology.toStore: minMs is above maxMs',
    ],
    ['a kind of step nobody knows', file => (file.steps[1].do = 'pray'), 'steps.1.do: '],
    ['an ask without a request', file => delete file.steps[1].request, 'steps.1.request: '],
    ['a time below 0', file => (file.steps[0].at = -1), 'steps.0.at: '],
    ['a fault nobody knows', file => (file.steps[0].call.fault = 'meteor'), 'steps.0.call.fault: '],
  ])('%s', (_, change, says) => {
    expect(message(spoilt(change))).toMatch(new RegExp(`^\\S+plan-\\d+\\.json: ${says}`))
  })

  test('steps that do not fit together', () => {
    expect(message(step(2, { at: 10 }))).toMatch(/: steps\.2: earlier than the step before it$/)
    expect(message(step(1, { via: 2 } as Partial<Step>))).toMatch(/: steps\.1: via 2, and there are 2 instances$/)
    expect(message(step(2, { request: 'r1' } as Partial<Step>))).toMatch(/: steps\.2: request r1 is there twice$/)
    expect(message(spoilt(file => (file.steps[0].call.provider = 'gamma')))).toMatch(
      /: steps\.0: no provider "gamma" in the topology$/,
    )
    expect(message(spoilt(file => file.steps.splice(1, 0, { ...file.steps[0] })))).toMatch(
      /: steps\.1: fault f1 is there twice$/,
    )
  })
})
