/** A Redis Cluster of local processes: 3 primaries, 3 replicas, nothing on disk, ready in about two seconds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
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
  freeze(port: number): void
  resume(port: number): void
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
  const stop = async () => {
    await Promise.all(nodes.map(node => node.kill()))
    await rm(home, { recursive: true, force: true })
  }
  try {
    for (const port of await freePorts(2 * primaries))
      nodes.push(await startNode({ server, port, folder: join(home, String(port)), nodeTimeoutMs }))
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
  const living = () => nodes.filter(({ process }) => process.exitCode === null && process.signalCode === null)
  return {
    nodes: nodes.map(({ host, port, process }) => ({ host, port, pid: process.pid! })),
    async flush() {
      for (const { admin } of living())
        if (String(await admin.call('ROLE')).startsWith('master')) await admin.flushall()
    },
    async ownerOf(key) {
      for (const { admin } of living()) {
        const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
        const range = ranges.find(([from, to]) => from <= slotOf(key) && slotOf(key) <= to)
        if (range) return range[2][1]
      }
      throw new Error(`nobody owns the slot of ${key}`)
    },
    kill: port => byPort(port).kill(),
    freeze: port => void byPort(port).process.kill('SIGSTOP'),
    resume: port => void byPort(port).process.kill('SIGCONT'),
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
        if (performance.now() > deadline || node.process.exitCode !== null)
          throw new Error(`the Redis node at port ${node.port} never ${what}: ${await node.logTail()}`)
        await sleep(10)
      }
    }),
  )
}
