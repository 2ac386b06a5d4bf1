import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
import type { SlotLever } from '../../../levers.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import { type Address, atNode, nameOf } from '../cluster/at-node.ts'
import { primariesOf, servingSlot } from '../cluster/serving.ts'
import { hostNow } from '../part.ts'
import type { Parts } from './index.ts'

/** How long a migration waits for an end that does not answer, before it asks again. */
const againMs = 100

/** How long it does so in all. */
const patienceMs = 30_000

/** A whole shard is named by any of its nodes: the one that leads it may change on the way. */
interface Ends {
  from: Address
  to: Address
}

export function slotLever(
  { cluster, membersKey, moving }: Pick<Parts, 'membersKey' | 'moving'> & { cluster: Pick<Parts['cluster'], 'nodes'> },
  provider: string,
): SlotLever {
  const slot = slotOf(membersKey(provider))
  const owner = async () => (await servingSlot(slot, cluster.nodes))[0]

  /** Tells both ends, again after a failover: a replica does not know of it before Valkey 8. */
  async function announce({ from, to }: Ends) {
    const [fromId, toId] = await Promise.all([from, to].map(idOf))
    await atNode(to, redis => redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!))
    await atNode(from, redis => redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!))
  }

  async function moveNext(ends: Ends): Promise<'moved' | 'over'> {
    const { from, to } = ends
    const [key] = (await atNode(from, redis => redis.call('CLUSTER', 'GETKEYSINSLOT', slot, 1))) as string[]
    if (key !== undefined) {
      await atNode(from, redis => redis.call('MIGRATE', to.host, to.port, key, 0, 1_000, 'REPLACE', ...introducing(to)))
      return 'moved'
    }
    const id = await idOf(to)
    const others = (await primariesOf(cluster.nodes)).filter(
      node => ![from, to].some(end => nameOf(end) === nameOf(node)),
    )
    for (const node of [to, from]) await atNode(node, redis => redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', id))
    // They would hear of it by gossip, a moment later.
    for (const node of others)
      await atNode(node, redis => redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)).catch(() => {})
    return 'over'
  }

  /** Key by key, and the slot last. An end that is gone is waited for: its replica, or itself, will go on. */
  async function move(first: Ends, slotThere: number, pauseMs: number) {
    let ends = first
    for (const deadline = hostNow() + patienceMs; ; ) {
      try {
        if ((await moveNext(ends)) === 'over') return
        await sleep(pauseMs)
      } catch (error) {
        if (hostNow() > deadline) throw error
        await sleep(againMs)
        const to = (await servingSlot(slotThere, cluster.nodes).catch(() => [ends.to]))[0]!
        const from = await owner().catch(() => ends.from)
        if (nameOf(from) === nameOf(to)) return
        ends = { from, to }
        await announce(ends).catch(() => {})
      }
    }
  }

  return {
    async migrate(pauseMs, leadMs = pauseMs) {
      if (moving.has(slot)) return notPulled(`slot ${slot} is on its way already`)
      const from = await owner()
      const primaries = await primariesOf(cluster.nodes)
      const here = primaries.findIndex(node => nameOf(node) === nameOf(from))
      const to = primaries[(here + 1) % primaries.length]!
      const slotThere = await slotOwnedBy(to).catch(() => undefined)
      if (slotThere === undefined) return notPulled(`${nameOf(to)} did not answer`)
      const ends = { from, to }
      try {
        await announce(ends)
      } catch (error) {
        return notPulled(`an end of the migration of slot ${slot} did not answer: ${error}`)
      }
      moving.add(slot)
      const moved = sleep(leadMs)
        .then(() => move(ends, slotThere, pauseMs))
        .finally(() => moving.delete(slot))
      // Joined by the undo.
      moved.catch(() => {})
      return pulled(
        () => moved,
        async () => {
          const now = await owner()
          return receipt(
            nameOf(now) !== nameOf(from),
            `slot ${slot} of ${provider} went from ${nameOf(from)} to ${nameOf(now)}`,
          )
        },
      )
    },
  }
}

/** How `MIGRATE` is told of the user that it is to be at the other end. */
const introducing = ({ login: { username, password } = {} }: Address): string[] =>
  password === undefined ? [] : username === undefined ? ['AUTH', password] : ['AUTH2', username, password]

const idOf = (node: Address): Promise<string> =>
  atNode(node, async redis => String(await redis.call('CLUSTER', 'MYID')))

/** A slot that stays with the node's shard, to find who leads it later. */
async function slotOwnedBy(node: Address): Promise<number> {
  const ranges = (await atNode(node, redis => redis.call('CLUSTER', 'SLOTS'))) as [number, number, [string, number]][]
  const range = ranges.find(([, , [, port]]) => port === node.port)
  if (!range) throw new Error(`${nameOf(node)} owns no slot`)
  return range[0]
}
