/** Makes one cluster of nodes that know nothing of each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'

export interface LoneNode {
  host: string
  port: number
  /** An ordinary connection for administration. */
  admin: Redis
  /** Itself, and not another that has taken its port. */
  answers(): Promise<boolean>
  hasEnded(): boolean
  logTail(): Promise<string>
}

export const primaries = 3
const slots = 16_384

/** The first three lead, the others follow: what `redis-cli --cluster create` does, over the wire, so that the server is all one needs. */
export async function form(nodes: readonly LoneNode[]): Promise<void> {
  const clusterInfo = async ({ admin }: LoneNode) => String(await admin.call('CLUSTER', 'INFO'))
  const replication = async ({ admin }: LoneNode) => String(await admin.info('replication'))
  await eachUntil(nodes, 'answers', node => node.answers())
  await Promise.all(
    nodes.map(async ({ admin }, n) => {
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1)
      if (n >= primaries) return
      const from = Math.ceil((n * slots) / primaries)
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil(((n + 1) * slots) / primaries) - 1)
    }),
  )
  const [first, ...others] = nodes as [LoneNode, ...LoneNode[]]
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

/** Resolves when it holds for each; rejects with the end of a node's log where it never does. */
export async function eachUntil<N extends LoneNode>(
  nodes: readonly N[],
  what: string,
  holds: (node: N, n: number) => Promise<boolean>,
) {
  const deadline = performance.now() + patienceMs
  await Promise.all(
    nodes.map(async (node, n) => {
      while (!(await Promise.race([holds(node, n), sleep(1_000, false)]))) {
        if (performance.now() > deadline || node.hasEnded())
          throw new Error(`the Redis node at port ${node.port} never ${what}: ${await node.logTail()}`)
        await sleep(10)
      }
    }),
  )
}
