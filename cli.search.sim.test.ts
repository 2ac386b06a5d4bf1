/** `stormproof search` and `stormproof replay`, as somebody uses them on a machine with nothing but Node. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPlanFile } from './cli/plan-file.ts'
import { asksOf } from './sim/plan.ts'
import { runRecord } from './sim/run-record.ts'

let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'stormproof-search-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

interface Ended {
  code: number
  stdout: string
  stderr: string
}

const door = join(import.meta.dirname, 'stormproof.mjs')
const env = () => ({ PATH: '/nowhere', HOME: out, STORMPROOF_NO_INSTALL: '1' })

/** The command in a process of its own, on a PATH where no Redis is. */
const stormproof = (...args: string[]): Promise<Ended> =>
  new Promise(resolve => {
    execFile(process.execPath, [door, ...args], { env: env(), cwd: out, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })

const recordIn = async (folder: string) =>
  runRecord.parse(JSON.parse(await readFile(join(out, folder, 'run.json'), 'utf8')))

// On a machine that has other things to do as well.
const patience = { timeout: 180_000 }

describe('finds what is wrong, shrinks it, and says how to see it again', patience, () => {
  test.each([
    { scenario: 'success-then-failure', tracker: 'ref-count', requests: 2, check: 'every-slot-returned' },
    { scenario: 'same-session', tracker: 'raw-remove', requests: 2, check: 'tracks-truth' },
    { scenario: 'burst-at-limit', tracker: 'check-then-act', requests: 2, check: 'limits-hold' },
  ])('$scenario with $tracker: $requests requests', async ({ scenario, tracker, requests, check }) => {
    const { code, stdout, stderr } = await stormproof('search', scenario, '--tracker', tracker, '--seeds', '3')
    expect(stderr).not.toMatch(/stormproof: |NOT DETERMINISTIC/)
    expect(code).toBe(1)

    const folder = `runs/${scenario}.search.${tracker}.1`
    const left = readPlanFile(join(out, folder))
    expect(left.tracker).toBe(tracker)
    expect(asksOf(left.plan).length).toBe(requests)
    expect(left.plan.topology.providers.length).toBe(1)
    expect(stdout).toMatch(
      new RegExp(`shrunk from \\d+ steps .* to ${left.plan.steps.length} steps \\(2 requests\\) in \\d+ plays`),
    )

    const [, command] = /^again: npx stormproof (.*)$/m.exec(stdout)!
    expect(command).toBe(`replay ${folder}/plan.json --world virtual`)
    const again = await stormproof(...command!.split(' '))
    expect(again.code).toBe(1)
    const [searched, replayed] = [
      await recordIn(folder),
      await recordIn(`runs/${scenario}.virtual-replay.${tracker}.1`),
    ]
    const failed = ({ verdicts }: typeof searched) => verdicts.filter(({ result }) => result === 'fail')
    expect(failed(searched).map(verdict => verdict.check)).toContain(check)
    expect(failed(replayed)).toEqual(failed(searched))
    expect(replayed.history).toEqual(searched.history)
    // The story names the session, and ends with why each claim broke.
    expect(stdout).toContain(asksOf(left.plan)[0]!.session)
    for (const verdict of failed(searched)) expect(stdout).toContain(`✗ ${verdict.check}: ${verdict.because}`)
  })

  test('whoever plays: the same seed, the same plan, with one thread and with three', async () => {
    const args = ['burst-at-limit', '--tracker', 'check-then-act', '--seeds', '3', '--from', '40']
    const plans = []
    for (const jobs of ['1', '3']) {
      const { stdout } = await stormproof('search', ...args, '--jobs', jobs, '--out', `jobs-${jobs}`)
      plans.push({
        stdout: stdout.replaceAll(`jobs-${jobs}`, ''),
        plan: readPlanFile(join(out, `jobs-${jobs}`, 'burst-at-limit.search.check-then-act.40')),
      })
    }
    expect(plans[0]).toEqual(plans[1])
  })
})

test('the reference holds: one line with what was played, exit code 0, and nothing left behind', async () => {
  const { code, stdout, stderr } = await stormproof('search', 'provider-outage', '--seeds', '20', '--swarm')
  expect(stderr).not.toMatch(/stormproof: |NOT DETERMINISTIC/)
  expect(stdout).toMatch(
    /^provider-outage with lease, swarm: 20 seeds, every claim held; [\d,]+ requests in [\d.]+ min of virtual time, [\d.]+ seeds\/s; 2 played again in another process, to the same byte\n$/,
  )
  expect(code).toBe(0)
  expect((await readdir(join(out, 'runs'))).filter(name => name.startsWith('provider-outage'))).toEqual([])
})

test('a swarm that fails is shrunk and replayed like any other plan', async () => {
  const args = ['--tracker', 'untagged', '--swarm', '--seeds', '3', '--no-fail-fast', '--out', 'swarm']
  const { code, stdout } = await stormproof('search', 'cross-slot', ...args)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^3 of 3 seeds fail: 1, 2, 3$/m)
  const { plan } = readPlanFile(join(out, 'swarm', 'cross-slot.search.untagged.1'))
  expect(asksOf(plan).length).toBe(1)
  const again = await stormproof('replay', 'swarm/cross-slot.search.untagged.1', '--world', 'virtual')
  expect(again.code).toBe(1)
})

describe('interrupted, it stops everything and ends with 130', patience, () => {
  const playing = { args: ['all', '--seeds', '100000'], says: 'from 1 …' }
  const shrinking = {
    args: ['success-then-failure', '--tracker', 'ref-count', '--seeds', '3'],
    says: 'shrinking seed 1',
  }

  /** `close` comes when nobody holds its output any more: threads and the second process are gone too. */
  function ended(child: ChildProcessWithoutNullStreams, says: string, act: () => void) {
    let stderr = ''
    let acted = false
    child.stderr.on('data', chunk => {
      stderr += chunk
      if (acted || !stderr.includes(says)) return
      acted = true
      act()
    })
    return new Promise<{ code: number | null; stderr: string }>(resolve =>
      child.on('close', code => resolve({ code, stderr })),
    )
  }

  test.each([
    ['SIGINT', 'plays', playing],
    ['SIGTERM', 'plays', playing],
    ['SIGINT', 'shrinks', shrinking],
    ['SIGTERM', 'shrinks', shrinking],
  ] as const)('%s while it %s', async (signal, _, { args, says }) => {
    const child = spawn(process.execPath, [door, 'search', ...args, '--out', 'interrupted'], { env: env(), cwd: out })
    const { code, stderr } = await ended(child, says, () => child.kill(signal))
    expect(stderr).toContain('stormproof: interrupted; everything it had started is stopped')
    expect(code).toBe(130)
  })

  test('the end of the npm that started it, which tells nobody', async () => {
    const shell = ['-c', '"$0" "$@"; true', process.execPath, door, 'search', ...playing.args]
    const npm = spawn('/bin/sh', shell, { env: { ...env(), npm_command: 'exec' }, cwd: out })
    const { stderr } = await ended(npm, playing.says, () => npm.kill('SIGKILL'))
    expect(stderr).toContain('stormproof: interrupted; everything it had started is stopped')
  })
})

describe('replay', () => {
  test('another tracker holds what the first one broke, and the report may be JSON', async () => {
    const folder = 'runs/success-then-failure.search.ref-count.1'
    const { code, stdout } = await stormproof(
      ...['replay', `${folder}/run.json`, '--world', 'virtual', '--tracker', 'lease', '--report', 'json'],
    )
    expect(code).toBe(0)
    const record = runRecord.parse(JSON.parse(stdout))
    expect(record).toMatchObject({
      tracker: 'lease',
      again: `npx stormproof replay ${folder}/run.json --world virtual --tracker lease`,
    })
  })

  test("a run's folder plays the run again, to the byte, and leaves the run alone", async () => {
    await stormproof('run', 'burst-at-limit', '--world', 'virtual', '--seed', '5')
    const { code } = await stormproof('replay', 'runs/burst-at-limit.virtual.lease.5', '--world', 'virtual')
    expect(code).toBe(0)
    const [run, replayed] = [
      await recordIn('runs/burst-at-limit.virtual.lease.5'),
      await recordIn('runs/burst-at-limit.virtual-replay.lease.5'),
    ]
    expect(replayed.history).toEqual(run.history)
    expect(run.again).toBeUndefined()
  })

  test('what cannot be played is one line, and exit code 4', async () => {
    await mkdir(join(out, 'bad'))
    const plan = await readFile(join(out, 'runs/success-then-failure.search.ref-count.1/plan.json'), 'utf8')
    await writeFile(join(out, 'bad/scenario.json'), plan.replace('success-then-failure', 'meteor-shower'))
    await writeFile(join(out, 'bad/tracker.json'), plan.replace('"ref-count"', '"red-count"'))
    const cases: [string[], RegExp][] = [
      [['bad/nothing.json'], /^stormproof: bad\/nothing\.json: cannot be read \(ENOENT\); name a plan\.json/],
      [['bad/scenario.json'], /^stormproof: no scenario "meteor-shower": there are /],
      [['bad/tracker.json'], /^stormproof: no tracker "red-count": did you mean ref-count\?/],
      [['runs/burst-at-limit.virtual.lease.5', '--world', 'real'], /^stormproof: no world "real": /],
    ]
    const ended = await Promise.all(cases.map(([args]) => stormproof('replay', ...args)))
    for (const [n, { code, stdout, stderr }] of ended.entries()) {
      expect(stderr).toMatch(cases[n]![1])
      expect(stderr.trimEnd()).not.toContain('\n')
      expect(stdout).toBe('')
      expect(code).toBe(4)
    }
  })
})

test('a search that cannot be made is one line, and exit code 4', async () => {
  const cases: [string[], RegExp][] = [
    [['no-such-storm'], /^stormproof: no scenario "no-such-storm"/],
    [['provider-outage', '--seeds', '0'], /^stormproof: --seeds 0: must be a whole number from 1$/],
    [['provider-outage', '--jobs', 'many'], /^stormproof: --jobs many: must be a whole number from 1$/],
    [['provider-outage', '--tracker', 'leese'], /^stormproof: no tracker "leese": did you mean lease\?/],
  ]
  const ended = await Promise.all(cases.map(([args]) => stormproof('search', ...args)))
  for (const [n, { code, stderr }] of ended.entries()) {
    expect(stderr.trimEnd()).toMatch(cases[n]![1])
    expect(code).toBe(4)
  }
})
