/** Who serves a slot, as most nodes that answer see it: one that was frozen or cut off may still believe what was. */
import { type Address, atNode, nameOf, neighbour } from './at-node.ts'

type Range = readonly [number, number, ...(readonly [string, number])[]]

/** Primary first. A node that is frozen is not waited for longer than the patience. Rejects when no node knows. */
export async function servingSlot(
  slot: number,
  nodes: readonly Address[],
  patienceMs = 1_000,
): Promise<[Address, ...Address[]]> {
  const views = await Promise.all(nodes.map(node => viewOf(slot, node, patienceMs).catch(() => [])))
  const told = views.filter(([primary]) => primary !== undefined) as [Address, ...Address[]][]
  const votes = ([primary]: readonly Address[]) => told.filter(([other]) => nameOf(other) === nameOf(primary!)).length
  const [most] = told.toSorted((a, b) => votes(b) - votes(a))
  if (!most) throw new Error(`no node of the cluster knows who serves slot ${slot}`)
  return most
}

const viewOf = (slot: number, node: Address, patienceMs: number): Promise<Address[]> =>
  atNode(
    node,
    async redis => {
      const ranges = (await redis.call('CLUSTER', 'SLOTS')) as Range[]
      const [, , ...serving] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
      return serving.map(([host, port]) => neighbour(node, host || node.host, port))
    },
    patienceMs,
  )

/** The primaries that own slots, by the word of the first node that answers. */
export const primariesOf = async (nodes: readonly Address[]): Promise<Address[]> =>
  distinct((await shardsOf(nodes)).map(([primary]) => primary!))

/** Primaries and replicas, by the word of the first node that answers. */
export const allNodesOf = async (nodes: readonly Address[]): Promise<Address[]> =>
  distinct((await shardsOf(nodes)).flat())

const distinct = (nodes: readonly Address[]) => [...new Map(nodes.map(node => [nameOf(node), node])).values()]

async function shardsOf(nodes: readonly Address[]): Promise<Address[][]> {
  for (const node of nodes) {
    const ranges = await atNode(node, redis => redis.call('CLUSTER', 'SLOTS') as Promise<Range[]>).catch(() => [])
    if (ranges.length)
      return ranges.map(([, , ...serving]) => serving.map(([host, port]) => neighbour(node, host || node.host, port)))
  }
  throw new Error('no node of the cluster answers')
}
