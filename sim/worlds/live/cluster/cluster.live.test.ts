import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sessionsKey } from '../../../../proxy/tracker/keys.ts'
import { findRedisServer, thisMachine } from '../redis-server.ts'
import { startCluster } from './cluster.ts'
import { eachUntil, form } from './form.ts'
import { launchCluster } from './index.ts'
import { startNode } from './node.ts'
import { freePorts } from './ports.ts'

const server = await findRedisServer(thisMachine(console.error))
const { TMPDIR } = process.env
let folder = ''

// A folder of its own: other clusters of this machine come and go in the shared one.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stormproof-test-'))
  process.env.TMPDIR = folder
})
afterAll(async () => {
  if (TMPDIR === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = TMPDIR
  await rm(folder, { recursive: true, force: true })
})
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const left = async () => (await readdir(folder)).filter(name => !name.endsWith('.log'))

test('six nodes come up whole, and stop leaves no process and no file', async () => {
  const cluster = await startCluster({ server })
  try {
    expect(cluster.nodes).toHaveLength(6)
    const roles = await Promise.all(
      cluster.nodes.map(async ({ port }) => {
        const redis = new Redis({ port })
        expect(String(await redis.call('CLUSTER', 'INFO'))).toContain('cluster_state:ok')
        const info = await redis.info('replication')
        redis.disconnect()
        return info.includes('role:master') || (info.includes('master_link_status:up') && 'replica')
      }),
    )
    expect(roles.filter(role => role === true)).toHaveLength(3)
    expect(roles.filter(role => role === 'replica')).toHaveLength(3)
    const port = await cluster.ownerOf(sessionsKey('alpha'))
    const redis = new Redis({ port })
    await redis.set(sessionsKey('alpha'), 'x')
    await cluster.flush()
    expect(await redis.dbsize()).toBe(0)
    redis.disconnect()
    cluster.freeze(port)
  } finally {
    await cluster.stop()
    await cluster.stop()
  }
  expect(cluster.nodes.filter(({ pid }) => isAlive(pid))).toEqual([])
  expect(await left()).toEqual([])
})

test('a server that cannot run says so, and leaves nothing', async () => {
  await expect(startCluster({ server: { ...server, path: '/nowhere/redis-server' } })).rejects.toThrow()
  expect(await left()).toEqual([])
})

test('a node whose port another one has taken is not mistaken for it', async () => {
  const [port] = (await freePorts(1)) as [number]
  const start = (name: string) => startNode({ server, port, folder: join(folder, name), nodeTimeoutMs: 1_000 })
  const first = await start('first')
  const nodes = [first]
  try {
    await eachUntil([first], 'answers', () => first.answers())
    const second = await start('second')
    nodes.push(second)
    expect(await second.answers()).toBe(false)
    await expect(form([second])).rejects.toThrow('Address already in use')
  } finally {
    for (const node of nodes) await node.kill()
    for (const name of ['first', 'second']) await rm(join(folder, name), { recursive: true, force: true })
  }
})

test('the keeper ends its nodes when it is told to', async () => {
  const cluster = await launchCluster({ server })
  await cluster.kill(cluster.nodes[0]!.port)
  await cluster.stop()
  expect(cluster.nodes.filter(({ pid }) => isAlive(pid))).toEqual([])
})

test('and when its runner is killed', async () => {
  const runner = script(`
    import { launchCluster } from '${new URL('./index.ts', import.meta.url)}'
    const { nodes } = await launchCluster({ server: ${JSON.stringify(server)} })
    console.log(JSON.stringify(nodes))`)
  const nodes: { pid: number }[] = JSON.parse(await firstLine(runner))
  expect(nodes.filter(({ pid }) => isAlive(pid))).toHaveLength(6)
  runner.kill('SIGKILL')
  for (
    const deadline = performance.now() + 20_000;
    nodes.some(({ pid }) => isAlive(pid)) || (await left()).length;
    await sleep(50)
  )
    if (performance.now() > deadline) throw new Error('the runner is gone, and its cluster is not')
})

test('a standing cluster is up once, down once, and a stale file stands for nothing', async () => {
  const told = script(`
    import { writeFile } from 'node:fs/promises'
    import { atNode } from '${new URL('./at-node.ts', import.meta.url)}'
    import { clusterDown, clusterStatus, clusterUp } from '${new URL('./standing.ts', import.meta.url)}'
    const server = ${JSON.stringify(server)}
    const up = await clusterUp(server)
    const again = await clusterUp(server)
    // Whatever its nodes ask for since.
    await Promise.all(up.nodes.map(node => atNode(node, redis => redis.config('SET', 'requirepass', 'sesame'))))
    const status = await clusterStatus()
    const downs = [await clusterDown(), await clusterDown()]
    // A pid that lives and is not the keeper's: our own.
    const file = process.env.TMPDIR + '/stormproof-cluster-' + process.getuid() + '.json'
    await writeFile(file, JSON.stringify({ ...up, keeper: process.pid }))
    const stale = await clusterStatus()
    console.log(JSON.stringify({ up, same: again.keeper === up.keeper && status?.keeper === up.keeper, downs, stale: stale ?? null }))`)
  const { up, ...rest } = JSON.parse(await firstLine(told))
  expect(rest).toEqual({ same: true, downs: [true, false], stale: null })
  expect(up.nodes.filter(({ pid }: { pid: number }) => isAlive(pid))).toEqual([])
  expect(await left()).toEqual([])
})

const script = (text: string) =>
  spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] })

async function firstLine(child: ReturnType<typeof script>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('the process said nothing')
}
