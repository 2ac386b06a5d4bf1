/** A Redis Cluster of local processes: 3 primaries, 3 replicas, nothing on disk, ready in about two seconds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../redis-server.ts'
import { type RedisNode, startNode } from './node.ts'
import { freePorts } from './ports.ts'

export interface NodeAddress {
  host: string
  port: number
  pid: number
}

export interface LocalCluster {
  nodes: readonly NodeAddress[]
  /** Removes every key. */
  flush(): Promise<void>
  /** The port of the primary that owns the key's slot now. */
  ownerOf(key: string): Promise<number>
  kill(port: number): Promise<void>
  /** Starts a killed node again, empty, at its port; resolves when it answers. */
  restart(port: number): Promise<void>
  /** Hands the key's slot to a replica in good order; resolves when all that answer agree. */
  failover(key: string): Promise<void>
  /** Counted: it runs again when the last of those that froze it has resumed it. False: it was dead. */
  freeze(port: number): boolean
  resume(port: number): void
  /** Whether the node's process runs, or is frozen. */
  isAlive(port: number): boolean
  /**
   * Gives a killed node its place back: waits until a replica has taken over its slots, by order where nobody elects it, then an
   * empty process follows. One that came back empty before that would wipe its replica.
   */
  replace(port: number): Promise<void>
  /** Resolves when the node is a primary as most see it, or a replica in step. */
  settle(port: number): Promise<void>
  /** Ends every process, stopped ones too, and removes every file. Safe to call again. */
  stop(): Promise<void>
}

const primaries = 3
const slots = 16_384

export interface ClusterOptions {
  server: RedisServer
  /** After so long a silent primary is failed over. */
  nodeTimeoutMs?: number
}

/** Rejects with the end of a node's own log when the cluster cannot be formed; nothing is left running then. */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options)
    } catch (error) {
      // Somebody took a port between our look and the node's bind.
      if (tries === 3 || !String(error).includes('Address already in use')) throw error
    }
  }
}

async function startOnce({ server, nodeTimeoutMs = 1_000 }: ClusterOptions): Promise<LocalCluster> {
  const home = await mkdtemp(join(tmpdir(), 'stormproof-cluster-'))
  const nodes: RedisNode[] = []
  const launch = (port: number) => startNode({ server, port, folder: join(home, String(port)), nodeTimeoutMs })
  const stop = async () => {
    await Promise.all(nodes.map(node => node.kill()))
    await rm(home, { recursive: true, force: true })
  }
  try {
    for (const port of await freePorts(2 * primaries)) nodes.push(await launch(port))
    await form(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  const byPort = (port: number) => {
    const node = nodes.find(candidate => candidate.port === port)
    if (!node) throw new Error(`no node of this cluster at port ${port}`)
    return node
  }
  const frozen = new Map<RedisNode, number>()
  const living = () => nodes.filter(hasEnded(false))
  /** The ports that serve the key's slot, primary first, as most nodes that answer see it. */
  async function serving(key: string): Promise<number[]> {
    const views = await Promise.all(living().map(node => soon(viewOf(node, key))))
    const told = views.filter(view => view !== undefined)
    const [most] = told.toSorted((a, b) => votes(told, b) - votes(told, a))
    if (!most) throw new Error(`nobody owns the slot of ${key}`)
    return most
  }
  async function restart(port: number) {
    await byPort(port).kill()
    const node = await launch(port)
    nodes[nodes.findIndex(candidate => candidate.port === port)] = node
    await eachUntil([node], 'answers', async ({ admin }) => (await admin.ping()) === 'PONG')
  }
  async function replace(port: number) {
    if (hasEnded(false)(byPort(port))) return
    await inherited(port, living, nodeTimeoutMs)
    await restart(port)
    await settled(byPort(port), living)
  }
  return {
    get nodes() {
      return nodes.map(({ host, port, process }) => ({ host, port, pid: process.pid! }))
    },
    async flush() {
      const clear = async ({ admin }: RedisNode) =>
        String(await admin.call('ROLE')).startsWith('master') && admin.flushall()
      await Promise.all(living().map(node => soon(clear(node))))
    },
    ownerOf: async key => (await serving(key))[0]!,
    kill: port => byPort(port).kill(),
    restart,
    async failover(key) {
      const [, replica] = await serving(key)
      if (replica === undefined) throw new Error(`nobody could take over the slot of ${key}`)
      await byPort(replica).admin.call('CLUSTER', 'FAILOVER')
      await eachUntil([byPort(replica)], 'took over', async () => (await serving(key))[0] === replica)
    },
    freeze(port) {
      const node = byPort(port)
      if (hasEnded(true)(node)) return false
      frozen.set(node, (frozen.get(node) ?? 0) + 1)
      return node.process.kill('SIGSTOP')
    },
    resume(port) {
      const node = byPort(port)
      const left = (frozen.get(node) ?? 0) - 1
      if (left > 0) return void frozen.set(node, left)
      frozen.delete(node)
      node.process.kill('SIGCONT')
    },
    isAlive: port => hasEnded(false)(byPort(port)),
    replace,
    settle: port => settled(byPort(port), living),
    stop,
  }
}

/** What `redis-cli --cluster create` does, over the wire, so that the server is all one needs. */
async function form(nodes: readonly RedisNode[]): Promise<void> {
  const clusterInfo = async ({ admin }: RedisNode) => String(await admin.call('CLUSTER', 'INFO'))
  const replication = async ({ admin }: RedisNode) => String(await admin.info('replication'))
  await eachUntil(nodes, 'answers', async ({ admin }) => (await admin.ping()) === 'PONG')
  await Promise.all(
    nodes.map(async ({ admin }, n) => {
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1)
      if (n >= primaries) return
      const from = Math.ceil((n * slots) / primaries)
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil(((n + 1) * slots) / primaries) - 1)
    }),
  )
  const [first, ...others] = nodes as [RedisNode, ...RedisNode[]]
  for (const { port } of others) await first.admin.call('CLUSTER', 'MEET', first.host, port)
  await eachUntil(nodes, 'knows the others', async node =>
    (await clusterInfo(node)).includes(`cluster_known_nodes:${nodes.length}`),
  )
  const ids = await Promise.all(nodes.map(async ({ admin }) => String(await admin.call('CLUSTER', 'MYID'))))
  await eachUntil(nodes.slice(primaries), 'follows its primary', async (node, n) => {
    // Refused until the gossip has told this node of its primary.
    await node.admin.call('CLUSTER', 'REPLICATE', ids[n]!).catch(() => {})
    return (await replication(node)).includes('role:slave')
  })
  await eachUntil(nodes, 'sees a whole cluster', async node => (await clusterInfo(node)).includes('cluster_state:ok'))
  // A primary killed before its replica's first sync would never be replaced.
  await eachUntil(nodes.slice(primaries), 'is in sync', async node =>
    (await replication(node)).includes('master_link_status:up'),
  )
  await eachUntil(nodes, 'knows all replicas', async ({ admin }) => {
    const ranges = (await admin.call('CLUSTER', 'SLOTS')) as unknown[][]
    return ranges.length === primaries && ranges.every(range => range.length === 4)
  })
}

const hasEnded =
  (expected: boolean) =>
  ({ process }: RedisNode) =>
    (process.pid === undefined || process.exitCode !== null || process.signalCode !== null) === expected

/** What the living make of the whole: each primary's ports, its own first, by the view that most share. */
async function shardsOf(living: readonly RedisNode[]): Promise<number[][]> {
  const views = await Promise.all(living.map(node => soon(shardsSeenBy(node))))
  const told = views.filter(view => view !== undefined)
  const primaries = (view: number[][]) => String(view.map(([primary]) => primary).toSorted())
  const alike = (view: number[][]) => told.filter(other => primaries(other) === primaries(view)).length
  return told.toSorted((a, b) => alike(b) - alike(a))[0] ?? []
}

async function shardsSeenBy({ admin }: RedisNode): Promise<number[][]> {
  const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, ...[string, number][]][]
  return ranges.map(([, , ...serving]) => serving.map(([, port]) => port))
}

/** Resolves when no slot is the dead node's any more, or nobody is there who could take them. */
async function inherited(port: number, living: () => readonly RedisNode[], nodeTimeoutMs: number): Promise<void> {
  const owns = async () => (await shardsOf(living())).some(([primary]) => primary === port)
  // An election takes a second or two on a busy machine.
  const election = performance.now() + nodeTimeoutMs + 4_000
  while (await owns()) {
    await sleep(50)
    if (performance.now() < election) continue
    const followers = await Promise.all(
      living().map(async node => ((await soon(followed(node))) === port ? node : undefined)),
    )
    const [heir] = followers.filter(node => node !== undefined)
    if (!heir) return
    await soon(heir.admin.call('CLUSTER', 'FAILOVER', 'TAKEOVER'))
    if (performance.now() > election + patienceMs) throw new Error(`nobody took over from the node at port ${port}`)
  }
}

/** The port of its primary; undefined for a primary. */
async function followed({ admin }: RedisNode): Promise<number | undefined> {
  const [role, , port] = (await admin.call('ROLE')) as [string, string, number]
  return role === 'slave' ? port : undefined
}

const settled = (node: RedisNode, living: () => readonly RedisNode[]): Promise<void> =>
  eachUntil([node], 'found its place', async ({ admin, port }) => {
    const [role, , , link] = (await admin.call('ROLE')) as [string, string, number, string]
    if (role === 'slave') return link === 'connected'
    return (await shardsOf(living())).some(([primary]) => primary === port)
  })

/** A frozen node accepts a question and never answers it. */
const soon = <T>(answer: Promise<T>): Promise<T | undefined> =>
  Promise.race([answer, sleep(500, undefined, { ref: false })]).catch(() => undefined)

async function viewOf({ admin }: RedisNode, key: string): Promise<number[] | undefined> {
  const slot = Number(await admin.call('CLUSTER', 'KEYSLOT', key))
  const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, ...[string, number][]][]
  const [, , ...serving] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
  return serving.length ? serving.map(([, port]) => port) : undefined
}

const votes = (views: readonly number[][], { 0: primary }: readonly number[]) =>
  views.filter(view => view[0] === primary).length

const patienceMs = 15_000

async function eachUntil(
  nodes: readonly RedisNode[],
  what: string,
  holds: (node: RedisNode, n: number) => Promise<boolean>,
) {
  const deadline = performance.now() + patienceMs
  await Promise.all(
    nodes.map(async (node, n) => {
      while (!(await Promise.race([holds(node, n), sleep(1_000, false)]))) {
        if (performance.now() > deadline || hasEnded(true)(node))
          throw new Error(`the Redis node at port ${node.port} never ${what}: ${await node.logTail()}`)
        await sleep(10)
      }
    }),
  )
}
