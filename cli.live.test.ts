/** The command as a user meets it: exit codes, one-line errors, records. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runRecord } from './sim/run-record.ts'

const door = join(import.meta.dirname, 'stormproof.mjs')
let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'stormproof-test-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

const stormproof = (args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<Ended>(resolve => {
    const child = execFile(
      process.execPath,
      [door, ...args],
      { env: { ...process.env, ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
  })

describe.concurrent('what is wrong is said in one line', () => {
  test.each([
    ['an unknown scenario', ['run', 'provider-outrage'], 'did you mean provider-outage'],
    ['an unknown tracker', ['run', 'provider-outage', '--tracker', 'leese'], 'did you mean lease'],
    ['an unknown flag', ['run', 'provider-outage', '--sed', '7'], '--seed'],
    ['an unknown command', ['strom'], 'storm'],
    ['a seed that is none', ['run', 'provider-outage', '--seed', 'x'], 'whole number'],
    ['a world that is none', ['run', 'provider-outage', '--world', 'real'], 'live'],
    ['a report that is none', ['run', 'provider-outage', '--report', 'jsn'], 'json'],
    ['a folder that cannot be', ['run', 'provider-outage', '--out', '/nowhere/runs'], '/nowhere is not a folder'],
  ])('%s: exit 4', async (_what, args, says) => {
    const { code, stderr } = await stormproof(args)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain(says)
    expect(code).toBe(4)
  })

  test('a file in place of the folder: exit 4', async () => {
    const file = join(out, 'file')
    await writeFile(file, '')
    const { code, stderr } = await stormproof(['run', 'provider-outage', '--out', file])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(4)
  })

  test('no Redis: exit 3', async () => {
    const { code, stderr } = await stormproof(['run', 'provider-outage', '--out', out], {
      STORMPROOF_REDIS_SERVER: '/nowhere/redis-server',
    })
    expect(stderr.trim().split('\n').at(-1)).toContain('/nowhere/redis-server')
    expect(code).toBe(3)
  })
})

test('list names everything, with its claim', async () => {
  const { code, stdout } = await stormproof(['list'])
  expect(code).toBe(0)
  for (const name of [
    'provider-outage',
    'success-then-failure',
    'same-session',
    'cross-slot',
    'provider-fails',
    'limits-hold',
    'lease',
    'untagged',
  ])
    expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
})

test('help has an example for every command', async () => {
  const { stdout: overview } = await stormproof(['--help'])
  const commands = [...overview.split('Commands:')[1]!.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!)
  expect(commands).toContain('storm')
  const helps = await Promise.all(commands.map(command => stormproof([command, '--help'])))
  for (const [n, command] of commands.entries()) {
    if (command === 'help') continue
    expect(helps[n]!.code).toBe(0)
    expect(helps[n]!.stdout).toContain(`$ stormproof ${command}`)
  }
})

test('a run leaves its record and its history, and prints JSON for machines', async () => {
  const args = [
    'run',
    'burst-at-limit',
    '--world',
    'live',
    '--tracker',
    'check-then-act',
    '--seed',
    '3',
    '--report',
    'console,json',
    '--out',
    out,
  ]
  const { code, stdout, stderr } = await stormproof(args)
  const printed = runRecord.parse(JSON.parse(stdout))
  const folder = join(out, 'burst-at-limit.live.check-then-act.3')
  expect(runRecord.parse(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')))).toEqual(printed)
  const lines = (await readFile(join(folder, 'history.ndjson'), 'utf8')).trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(1_000)
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({
      at: expect.any(Number),
      from: expect.any(String),
      kind: expect.any(String),
    })
  expect(printed.verdicts.find(({ check }) => check === 'limits-hold')).toMatchObject({ result: 'fail' })
  expect(stderr).toContain('--seed 3')
  expect(code).toBe(1)
})

test('two requests that a search was left with break the same claim on a real cluster', async () => {
  const plan = join(import.meta.dirname, 'scenarios/regressions/ref-count-growth.json')
  const args = ['replay', plan, '--world', 'live', '--report', 'json', '--out', out]
  const wrong = await stormproof(args)
  const failed = runRecord.parse(JSON.parse(wrong.stdout)).verdicts.filter(({ result }) => result === 'fail')
  expect(failed.map(({ check }) => check)).toEqual(expect.arrayContaining(['every-slot-returned', 'residency-within']))
  expect(wrong.code).toBe(1)
})
