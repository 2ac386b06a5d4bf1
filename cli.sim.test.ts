/** The command in the virtual world: on a machine with nothing but Node. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as scenarios from './scenarios/index.ts'
import type { Scenario } from './sim/scenario.ts'

let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'stormproof-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** The command in a process of its own, on a PATH where no Redis is. */
const stormproof = (...args: string[]): Promise<Ended> =>
  new Promise(resolve => {
    const door = join(import.meta.dirname, 'stormproof.mjs')
    const env = { PATH: '/nowhere', HOME: out, STORMPROOF_NO_INSTALL: '1' }
    execFile(process.execPath, [door, ...args], { env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })

test('two processes leave the same history of every scenario, to the byte', async () => {
  // What is dear is left out.
  const affordable = Object.values<Scenario>(scenarios).filter(({ costs }) => costs === undefined)
  const names = affordable.map(({ name }) => name)
  const parts = [`${out}-one`, `${out}-two`]
  const ended = await Promise.all(
    parts.map(part => stormproof('run', ...names, '--world', 'virtual', '--seed', '42', '--out', part)),
  )
  for (const { code, stderr } of ended) {
    expect(stderr).not.toMatch(/stormproof: /)
    expect(code).toBe(0)
  }
  for (const name of names) {
    const [one, two] = await Promise.all(
      parts.map(part => readFile(join(part, `${name}.virtual.lease.42`, 'history.ndjson'))),
    )
    expect(one!.length).toBeGreaterThan(10_000)
    expect(one!.equals(two!), name).toBe(true)
  }
  await Promise.all(parts.map(part => rm(part, { recursive: true, force: true })))
}, 180_000)

test('a wrong tracker fails, with exit code 1 and the line that plays it again', async () => {
  const { code, stdout } = await stormproof(
    'run',
    'provider-outage',
    '--world',
    'virtual',
    '--tracker',
    'ttl-only',
    '--out',
    out,
  )
  expect(code).toBe(1)
  expect(stdout).toContain('again: npx stormproof run provider-outage --world virtual --tracker ttl-only --seed 1')
})

test('the gate judges what is named on seeds it draws, and says how to play the same again', async () => {
  const args = ['--world', 'virtual', '--seeds', '2', '--only', 'burst-at-limit', '--out', out]
  const { code, stdout } = await stormproof('gate', ...args)
  expect(stdout).toMatch(/^✓ burst-at-limit +When far more .* \(virtual 2 seeds\)$/m)
  expect(stdout).toMatch(/^1 of 1 claim held in /m)
  const again = /^again: npx stormproof (.*)$/m.exec(stdout)![1]!
  expect(again).toMatch(/^gate --only burst-at-limit --world virtual --seeds 2 --seed \d+$/)
  expect(code).toBe(0)
})

test('a gate that is asked for nothing sensible is one line, and exit code 4', async () => {
  for (const args of [
    ['--shard', '4/3'],
    ['--world', 'real'],
    ['--only', 'burst'],
    ['--seeds', '0'],
  ]) {
    const { code, stderr } = await stormproof('gate', ...args)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(4)
  }
})

test('who forgets what a command needs is shown the help of that command', async () => {
  const { code, stderr } = await stormproof('proxy')
  expect(stderr).toBe("stormproof: required option '--config <file>' not specified; see `stormproof proxy --help`\n")
  expect(code).toBe(4)
})

test('the selftest catches who is wrong, accuses nobody else, and finds nothing where nothing breaks', async () => {
  const args = ['--only', 'cross-slot,untagged', '--clean', '2', '--report', 'console,json', '--out', out]
  const { code, stdout, stderr } = await stormproof('selftest', ...args)
  expect(stderr).toContain('1 wrong tracker: 2 of 2 declared verdicts came true; 0 false alarms in 2 clean runs')
  const { cells, survivors, clean } = JSON.parse(stdout)
  expect(survivors).toEqual([])
  expect(clean).toEqual({ runs: 2, alarms: [] })
  const marks = cells.map(({ tracker, declared, astray }: Record<string, unknown>) => [tracker, declared, astray])
  expect(marks).toEqual([
    ['lease', 'passes', []],
    ['untagged', 'is caught', []],
  ])
  expect(code).toBe(0)
})
