/** The command as an operator meets it: the example as it is, a drain, and what each policy does when Redis goes. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { Agent, request as call } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Asked, bodyOf, pathOf } from '../../sim/providers/asked.ts'
import { type LiveCluster, launchCluster } from '../../sim/worlds/live/cluster/index.ts'
import { launchProviders } from '../../sim/worlds/live/providers/index.ts'
import { findRedisServer, thisMachine } from '../../sim/worlds/live/redis-server.ts'
import { attemptsKey, sessionsKey } from '../tracker/keys.ts'

const door = join(import.meta.dirname, '../../stormproof.mjs')
const example = join(import.meta.dirname, '../proxy.example.yaml')
let folder: string
let dispatcher: Agent
const running = new Set<Command>()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stormproof-proxy-'))
  dispatcher = new Agent()
})
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL')
  running.clear()
})
afterAll(async () => {
  await dispatcher.destroy()
  await rm(folder, { recursive: true, force: true })
})

interface Command {
  child: ReturnType<typeof spawn>
  exited: Promise<number | null>
  stdout: string
  stderr: string
  /** What stands behind this word in a line of stdout, once it does. */
  says(word: string): Promise<string>
}

/** The command, with a place of its own for what a standing cluster leaves. */
function stormproof(...args: string[]): Command {
  const child = spawn(process.execPath, [door, ...args], { env: { ...process.env, TMPDIR: folder } })
  const command: Command = {
    child,
    exited: new Promise(resolve => child.once('exit', code => resolve(code))),
    stdout: '',
    stderr: '',
    says: word =>
      vi.waitFor(
        () => {
          const found = new RegExp(`^${word} (.*)$`, 'm').exec(command.stdout)?.[1]
          if (child.exitCode !== null && !found) throw new Error(`it ended: ${command.stderr}`)
          expect(found).toBeDefined()
          return found!
        },
        { timeout: 20_000 },
      ),
  }
  child.stdout!.on('data', text => (command.stdout += text))
  child.stderr!.on('data', text => (command.stderr += text))
  running.add(command)
  return command
}

async function startProxy(config: string, name: string) {
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, config)
  const command = stormproof('proxy', '--config', file, '--port', '0', '--admin-port', '0')
  const url = await command.says('proxy')
  const adminUrl = await command.says('admin')
  const metrics = async () => {
    const text = await (await call(`${adminUrl}/metrics`, { dispatcher })).body.text()
    return (series: string) =>
      text
        .split('\n')
        .filter(line => line.startsWith(`stormproof_${series}`))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  return { command, url, adminUrl, metrics }
}

let asked = 0
/** Rejects when the signal comes before the answer's end. */
async function ask(url: string, { stream = false, signal = AbortSignal.timeout(10_000) } = {}) {
  const body: Asked = { request: `r${++asked}`, session: `s${asked}`, shape: 'openai', stream }
  return call(url + pathOf.openai, {
    method: 'POST',
    body: bodyOf(body),
    dispatcher,
    signal,
  })
}

const policies = ['local', 'closed', 'open'] as const

function configOf(
  cluster: LiveCluster,
  policy: string,
  urls: Readonly<Record<string, string>>,
  drainMs = 2_000,
): string {
  return JSON.stringify({
    instances: policies.length,
    redis: { nodes: cluster.nodes.map(({ host, port }) => `${host}:${port}`) },
    whenStoreIsAway: policy,
    stickyMs: 0,
    drainMs,
    log: { level: 'info' },
    providers: Object.entries(urls).map(([id, baseUrl]) => ({ id, baseUrl, limit: 60, heartbeatMs: 500 })),
  })
}

describe('the example as it is', () => {
  test('names the ports and the providers that `stormproof providers` has', async () => {
    const text = await readFile(example, 'utf8')
    const named = [...text.matchAll(/^ {2}- id: (\w+).*\n +baseUrl: (\S+)/gm)].map(([, id, url]) => `${id} ${url}`)
    const help = stormproof('providers', '--help')
    await help.exited
    const port = Number(/\(default: (\d+)\)/.exec(help.stdout.match(/--port.*?\n.*?\n/s)![0])![1])
    expect(named).toEqual([`alpha http://127.0.0.1:${port}`, `beta http://127.0.0.1:${port + 1}`])
  })

  test('passes a request, shows it, drains with a stream in flight, and leaves nothing in Redis', async () => {
    const cluster = stormproof('cluster', 'up')
    expect(await cluster.exited).toBe(0)
    try {
      const providers = stormproof('providers', '--port', '0')
      const alpha = await providers.says('alpha')
      const beta = await providers.says('beta')
      const text = (await readFile(example, 'utf8'))
        .replace('http://127.0.0.1:4101', alpha)
        .replace('http://127.0.0.1:4102', beta)
      const { command, url, adminUrl, metrics } = await startProxy(text, 'example')

      const reply = await ask(url)
      expect(reply.statusCode).toBe(200)
      expect(await reply.body.json()).toHaveProperty('choices')
      const shows = await metrics()
      expect(shows('requests_total{outcome="ok"}')).toBe(1)
      expect(shows('attempts_total{provider="alpha",outcome="ok"')).toBe(1)
      expect(shows('added_latency_seconds_count')).toBe(1)
      const ready = await call(`${adminUrl}/readyz`, { dispatcher })
      expect(await ready.body.json()).toMatchObject({ ready: true, store: 'reached' })

      const stream = await ask(url, { stream: true })
      const chunks = stream.body[Symbol.asyncIterator]()
      let heard = String((await chunks.next()).value)
      command.child.kill('SIGTERM')
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) heard += next.value
      expect(heard).toMatch(/data: \[DONE\]\n\n$/)
      expect(await command.exited).toBe(0)
      const said = command.stderr
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).msg.split(':')[0])
      // A busy machine may take the signal for later than the stream's end.
      expect(said.toSorted()).toEqual(['closed', 'drained', 'draining', 'request', 'request', 'started'])
      expect(said.at(-1)).toBe('closed')

      const [node] = cluster.stdout.trim().split('\n')
      const [host, port] = node!.split(':')
      const redis = new Cluster([{ host: host!, port: Number(port) }])
      for (const id of ['alpha', 'beta']) expect(await redis.zrange(sessionsKey(id), '0', '-1')).toEqual(['#'])
      // Of attempts only the dead are left: their score is minus the time at which they are forgotten.
      const alive = await redis.zrangebyscore(attemptsKey('alpha'), 0, '+inf')
      expect(alive).toEqual(['#'])
      redis.disconnect()
    } finally {
      await stormproof('cluster', 'down').exited
    }
  })
})

describe('what is not ready is said in one line', () => {
  const good = 'providers: [{ id: alpha, baseUrl: "http://127.0.0.1:1", limit: 1 }]\n'
  test.each<[string, string, number, string]>([
    ['no standing cluster', `redis: standing\n${good}`, 3, 'stormproof cluster up'],
    [
      'no Redis at an address',
      `redis: { nodes: ["127.0.0.1:1"] }\n${good}`,
      3,
      'no Redis Cluster answers at 127.0.0.1:1',
    ],
    ['a key that is none', `redis: standing\nlimts: {}\n${good}`, 4, ':2:1 limts is no key here; did you mean limits?'],
    [
      'a key that is not set',
      `redis: standing\ncallers: { keysFrom: [NOT_SET_HERE] }\n${good}`,
      4,
      'names NOT_SET_HERE',
    ],
  ])('%s', async (_what, config, code, says) => {
    const file = join(folder, 'bad.yaml')
    await writeFile(file, config)
    const command = stormproof('proxy', '--config', file, '--port', '0', '--admin-port', '0')
    expect(await command.exited).toBe(code)
    expect(
      command.stderr
        .trim()
        .split('\n')
        .filter(line => line.startsWith('stormproof: ')),
    ).toHaveLength(1)
    expect(command.stderr).toContain(says)
  })

  test('no file: exit 4', async () => {
    const command = stormproof('proxy', '--config', join(folder, 'nowhere.yaml'))
    expect(await command.exited).toBe(4)
    expect(command.stderr).toContain('proxy.example.yaml')
  })

  test('--print-config needs neither Redis nor secrets', async () => {
    const command = stormproof('proxy', '--config', example, '--print-config')
    expect(await command.exited).toBe(0)
    expect(command.stdout).toContain('whenStoreIsAway: local')
    expect(command.stdout).toContain('tombstoneMs: 30000')
  })
})

describe('with a Redis Cluster of its own', () => {
  let cluster: LiveCluster
  beforeAll(async () => {
    cluster = await launchCluster({ server: await findRedisServer(thisMachine(() => {})) })
  })
  afterAll(() => cluster?.stop())

  describe('a stream that does not end', () => {
    async function streaming(drainMs: number) {
      const pace = { firstByteMs: 5, tokens: 100_000, tokenMs: 20, spread: 0 }
      const providers = await launchProviders({ seed: 1, providers: [{ id: 'alpha', pace }], onEvents() {} })
      const started = await startProxy(configOf(cluster, 'local', providers.urls, drainMs), 'endless')
      const stream = await ask(started.url, { stream: true, signal: AbortSignal.timeout(60_000) })
      let heard = ''
      const broken = (async () => {
        for await (const chunk of stream.body) heard += chunk
      })().then(
        () => 'a clean end',
        () => 'broken',
      )
      await vi.waitFor(() => expect(heard).toContain('word1 '), 20_000)
      return { ...started, providers, broken, heard: () => heard }
    }

    test('is told and broken at the drain’s deadline; new requests are refused until then; its slot goes back', async () => {
      const { command, url, adminUrl, providers, broken, heard } = await streaming(3_000)
      command.child.kill('SIGTERM')
      // Asked before the signal has arrived, a request would be admitted and never end.
      await vi.waitFor(async () => {
        const ready = await call(`${adminUrl}/readyz`, { dispatcher })
        await ready.body.dump()
        expect(ready.statusCode).toBe(503)
      }, 20_000)
      const refused = await ask(url)
      expect(refused.statusCode).toBe(503)
      expect(refused.headers).toMatchObject({ connection: 'close', 'retry-after': '1' })
      await refused.body.dump()
      expect(await broken).toBe('broken')
      expect(heard()).toMatch(/data: \{"error":.*closing.*\n\n$/)
      expect(await command.exited).toBe(1)
      expect(command.stderr).toContain('"cut":1,"unacknowledged":0')
      const { host, port } = cluster.nodes[0]!
      const redis = new Cluster([{ host, port }])
      expect(await redis.zrange(sessionsKey('alpha'), '0', '-1')).toEqual(['#'])
      redis.disconnect()
      await providers.stop()
    })

    test('does not hold up whoever asks twice', async () => {
      const { command, providers, broken } = await streaming(60_000)
      command.child.kill('SIGTERM')
      // Within a moment two signals are one press of a key, sent on by a parent.
      await sleep(1_000)
      expect(command.child.exitCode).toBeNull()
      command.child.kill('SIGTERM')
      expect(await command.exited).toBe(130)
      expect(await broken).toBe('broken')
      await providers.stop()
    })
  })

  test('a port that is taken is said in one line: exit 3', async () => {
    const first = await startProxy(configOf(cluster, 'local', { alpha: 'http://127.0.0.1:1' }), 'first')
    const { port } = new URL(first.url)
    const file = join(folder, 'first.yaml')
    const second = stormproof('proxy', '--config', file, '--port', port, '--admin-port', '0')
    expect(await second.exited).toBe(3)
    expect(second.stderr).toContain(`cannot listen on 127.0.0.1:${port}: it is taken`)
  })
})

test('Redis goes under load: no request outlasts its deadline, and the metrics say what each policy did', async () => {
  const pace = { firstByteMs: 5, tokens: 4, tokenMs: 5, spread: 0.5 }
  const providers = await launchProviders({
    seed: 1,
    providers: ['alpha', 'beta'].map(id => ({ id, pace })),
    onEvents() {},
  })
  // It is killed on the way: a second try needs another.
  const cluster = await launchCluster({ server: await findRedisServer(thisMachine(() => {})) })
  try {
    const proxies = await Promise.all(
      policies.map(async policy => ({
        policy,
        ...(await startProxy(configOf(cluster, policy, providers.urls), policy)),
      })),
    )
    const load = startLoad(proxies.map(({ url }) => url))
    await sleep(500)
    await cluster.kill(await cluster.ownerOf(sessionsKey('alpha')))
    await sleep(5_000)
    const afterOne = await Promise.all(proxies.map(({ metrics }) => metrics()))
    for (const { port } of cluster.nodes) await cluster.kill(port)
    await sleep(4_000)
    const statuses = await load.stop()

    // None was lost, and each got an answer: a good one, or a refusal that says so.
    for (const counts of statuses) {
      expect(counts.failed).toEqual([])
      for (const status of Object.keys(counts.by)) expect(['200', '429', '503']).toContain(status)
    }
    for (const [n, { policy, metrics, adminUrl }] of proxies.entries()) {
      const shows = await metrics()
      const admitted = shows('store_away_admissions_total')
      const refused = shows('store_away_refusals_total')
      expect(shows('store_errors_total{doing="acquire"'), policy).toBeGreaterThan(0)
      expect(shows('requests_in_flight'), policy).toBe(0)
      if (policy === 'closed') expect(admitted).toBe(0)
      else expect(admitted, policy).toBeGreaterThan(0)
      if (policy === 'open') expect(refused).toBe(0)
      if (policy === 'closed') expect(refused).toBeGreaterThan(0)
      // The first fail-over was survived: before the rest went, requests were counted again.
      expect(afterOne[n]!('requests_total{outcome="ok"}'), policy).toBeGreaterThan(0)
      const ready = await call(`${adminUrl}/readyz`, { dispatcher })
      expect(ready.statusCode, policy).toBe(policy === 'closed' ? 503 : 200)
      expect(await ready.body.json()).toMatchObject({ store: 'away' })
    }
    // With nobody to acknowledge its releases, an instance still ends by itself.
    for (const { command } of proxies) command.child.kill('SIGTERM')
    for (const { command, policy } of proxies) expect([0, 1], policy).toContain(await command.exited)
  } finally {
    await providers.stop()
    await cluster.stop()
  }
}, 120_000)

const beatMs = 20
/** Eight seconds: two providers, each with at most one for Redis and little more for itself. */
const deadlineBeats = 400

/** A request a beat at each, whatever happened to those before. Deadlines are counted in beats: while the machine stands still, so do they. */
function startLoad(urls: readonly string[]) {
  const counts = urls.map(() => ({ by: {} as Record<string, number>, failed: [] as string[] }))
  const open = new Map<Promise<void>, { atBeat: number; deadline: AbortController }>()
  let beats = 0
  let ending = false
  const one = async (n: number, signal: AbortSignal) => {
    const { by, failed } = counts[n]!
    const atBeat = beats
    let status = 0
    try {
      const reply = await ask(urls[n]!, { stream: true, signal })
      status = reply.statusCode
      await reply.body.dump()
      by[status] = (by[status] ?? 0) + 1
    } catch (error) {
      failed.push(`asked at beat ${atBeat}, status ${status || 'none'}, failed at ${beats}: ${error}`)
    }
  }
  const beat = setInterval(() => {
    beats++
    for (const { atBeat, deadline } of open.values()) if (beats - atBeat > deadlineBeats) deadline.abort()
    if (ending) return
    for (const n of urls.keys()) {
      const deadline = new AbortController()
      const asking = one(n, deadline.signal)
      open.set(asking, { atBeat: beats, deadline })
      asking.finally(() => open.delete(asking))
    }
  }, beatMs)
  return {
    async stop() {
      ending = true
      while (open.size) await Promise.all(open.keys())
      clearInterval(beat)
      return counts
    },
  }
}
