/** A Redis Cluster of local processes: 3 primaries, 3 replicas, nothing on disk, ready in about two seconds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisServer } from '../redis-server.ts'
import { eachUntil, form, primaries } from './form.ts'
import { type RedisNode, startNode } from './node.ts'
import { freePorts } from './ports.ts'
import { inherited, settled, soon, viewOf, votes } from './views.ts'

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
  const living = () => nodes.filter(node => !node.hasEnded())
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
    await eachUntil([node], 'answers', () => node.answers())
  }
  async function replace(port: number) {
    if (!byPort(port).hasEnded()) return
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
      if (node.hasEnded()) return false
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
    isAlive: port => !byPort(port).hasEnded(),
    replace,
    settle: port => settled(byPort(port), living),
    stop,
  }
}
