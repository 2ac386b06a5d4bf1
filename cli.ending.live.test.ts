/** However the command ends, nothing that it started is left. */
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const door = join(import.meta.dirname, 'stormproof.mjs')
let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'stormproof-ending-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

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
  const env = await marked('standing')
  const cluster = (action: string) =>
    new Promise<{ code: number | null; stdout: string }>(resolve => {
      const child = execFile(process.execPath, [door, 'cluster', action], { env }, (_error, stdout) =>
        resolve({ code: child.exitCode, stdout }),
      )
    })
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
