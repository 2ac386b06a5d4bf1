/** The command as a user meets it: exit codes, one-line errors, and nothing left behind. */
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
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

/**
 * An environment that tells a test's processes from all others of the machine: they inherit the mark. Redis overwrites its
 * own environment with its title, so its nodes are known by the folder they work in.
 */
async function marked(mark: string): Promise<NodeJS.ProcessEnv & { TMPDIR: string; STORMPROOF_TEST_MARK: string }> {
  const folder = join(out, mark)
  await mkdir(folder)
  return { ...process.env, STORMPROOF_TEST_MARK: mark, TMPDIR: folder }
}

/** The command lines of living processes that carry the mark. */
async function processesOf(mark: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (!environment.includes(`STORMPROOF_TEST_MARK=${mark}\0`) && !folder.startsWith(join(out, mark, '/'))) continue
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line) found.push(line.replaceAll('\0', ' '))
  }
  return found
}

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

let marks = 0

/** Starts a run that is not waited for. */
async function startRun(mark: string) {
  const args = [door, 'run', 'provider-outage', '--out', join(out, mark)]
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: await marked(mark) })
  const exited = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  return { child, exited }
}

test.each([
  ['SIGINT', 'in the middle of a storm', 5_000],
  ['SIGTERM', 'in the middle of a storm', 5_000],
  ['SIGINT', 'while the cluster starts', 0],
] as const)('%s %s: stops all it had started, exit 130', async (signal, when, afterMs) => {
  const mark = `${signal} ${when} ${++marks}`
  const { child, exited } = await startRun(mark)
  try {
    await vi.waitFor(
      async () => expect((await processesOf(mark)).some(line => line.includes('redis-server'))).toBe(true),
      20_000,
    )
    await sleep(afterMs)
    child.kill(signal)
    expect(await exited).toBe(130)
    // The watchdog learns of it by the runner's end, and ends then.
    await vi.waitFor(async () => expect(await processesOf(mark)).toEqual([]), 5_000)
  } finally {
    child.kill('SIGKILL')
  }
})

test('a runner killed in the middle leaves nothing either', async () => {
  const mark = `killed ${++marks}`
  const { child, exited } = await startRun(mark)
  // The runner, six nodes with their keeper, and the storm's own processes.
  await vi.waitFor(async () => expect((await processesOf(mark)).length).toBeGreaterThan(10), 20_000)
  child.kill('SIGKILL')
  await exited
  await vi.waitFor(async () => expect(await processesOf(mark)).toEqual([]), 10_000)
})

test('cluster up, status and down', async () => {
  // A folder of its own, so that a cluster that somebody keeps here is left alone.
  const { TMPDIR, STORMPROOF_TEST_MARK } = await marked('standing')
  const cluster = (action: string) => stormproof(['cluster', action], { TMPDIR, STORMPROOF_TEST_MARK })
  const up = await cluster('up')
  try {
    expect(up.stdout.trim().split('\n')).toHaveLength(6)
    expect((await processesOf('standing')).length).toBe(7)
    expect(await cluster('up')).toMatchObject({ code: 0, stdout: up.stdout })
    expect(await cluster('status')).toMatchObject({ code: 0, stdout: up.stdout })
  } finally {
    expect((await cluster('down')).code).toBe(0)
  }
  expect(await cluster('status')).toMatchObject({ code: 3, stdout: 'no cluster is up\n' })
  expect(await processesOf('standing')).toEqual([])
})
