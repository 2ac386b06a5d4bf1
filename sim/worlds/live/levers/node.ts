/** The primary that owns a provider's slot when the lever is pulled. What is pulled stays aimed at that node, whatever its role becomes. */
import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
import type { NodeLever, Pulled } from '../../../levers.ts'
import { Unplayable } from '../../../play.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import { type Address, atNode, nameOf } from '../cluster/at-node.ts'
import { servingSlot } from '../cluster/serving.ts'
import { hostNow } from '../part.ts'
import { countNode } from '../store-counts.ts'
import type { Parts } from './index.ts'
import { probe } from './probe.ts'

/** Longer than a failover, and than a node needs to come back. */
const patienceMs = 15_000

const ends = () => {}

/** Even where the destructive is allowed. */
const notOurs = new Unplayable(
  'the processes and keys of this cluster are somebody else’s: it is not for kills, freezes and flushes',
)

export function nodeLever({ cluster, membersKey, fills }: Parts, provider: string): NodeLever {
  const key = membersKey(provider)
  const serving = () => servingSlot(slotOf(key), cluster.nodes)
  /** Aims at the owner; where it does not answer, that is what was seen. */
  async function at(pull: (node: Address, name: string, replicas: Address[]) => Promise<Pulled>): Promise<Pulled> {
    const [node, ...replicas] = await serving()
    const name = nameOf(node)
    return pull(node, name, replicas).catch(error => {
      if (error === notOurs) throw error
      return notPulled(`${name} did not answer: ${error}`)
    })
  }
  const errorsAt = (node: Address, kind: string) => countNode(node).then(({ errors }) => errors[kind] ?? 0)

  return {
    kill: () =>
      at(async (node, name) => {
        if (!cluster.ours) throw notOurs
        if (!(await cluster.isAlive(node.port))) return notPulled(`${name} was dead already`)
        await cluster.kill(node.port)
        return pulled(
          () => cluster.replace(node.port),
          async () => {
            const heir = nameOf((await serving())[0])
            if (heir === name) return receipt(false, `no other node took over from ${name}`)
            return receipt(true, `${name} was killed, and ${heir} owns the slot of ${provider}`)
          },
        )
      }),
    freeze: () =>
      at(async (node, name) => {
        if (!cluster.ours) throw notOurs
        if (!(await cluster.freeze(node.port))) return notPulled(`${name} was dead already`)
        const since = hostNow()
        const answered = probe(node)
        let [lasted, silent] = [0, false]
        return pulled(
          async () => {
            lasted = hostNow() - since
            silent = !answered()
            await cluster.resume(node.port)
            await cluster.settle(node.port)
          },
          () => receipt(silent, `${name} ${silent ? 'did not answer' : 'answered'} for ${lasted.toFixed(0)} ms`),
        )
      }),
    failOver: () =>
      at(async (_node, name, [replica]) => {
        if (!replica) return notPulled(`${name} could not hand over: it has no replica`)
        await atNode(replica, redis => redis.call('CLUSTER', 'FAILOVER'))
        const over = until(async () => nameOf((await serving())[0]) !== name)
        return pulled(
          async () => void (await over),
          async () => {
            const took = await over
            return receipt(took, took ? `${nameOf(replica)} took over from ${name}` : `${name} did not hand over`)
          },
        )
      }),
    fill: () =>
      at(async (node, name) => {
        const before = await errorsAt(node, 'OOM')
        const empty = await fills.fill(node)
        let during = 0
        return pulled(
          async () => {
            during = (await errorsAt(node, 'OOM').catch(() => before)) - before
            await empty()
          },
          () => receipt(during > 0, `${name} refused ${during} commands with OOM`),
        )
      }),
    flushScripts: () =>
      at(async (node, name) => {
        const before = await errorsAt(node, 'NOSCRIPT')
        await atNode(node, redis => redis.call('SCRIPT', 'FLUSH'))
        return pulled(ends, async () => {
          const missed = (await errorsAt(node, 'NOSCRIPT').catch(() => before)) - before
          return receipt(missed > 0, `${name} answered ${missed} commands with NOSCRIPT`)
        })
      }),
    flush: () =>
      at(async (node, name) => {
        if (!cluster.ours) throw notOurs
        const replies = await atNode(node, redis => redis.multi().dbsize().flushall().exec())
        const keys = Number(replies?.[0]?.[1] ?? 0)
        return pulled(ends, () => receipt(keys > 0, `${keys} keys were lost at ${name}`))
      }),
    dropConnections: () =>
      at(async (node, name) => {
        const dropped = Number(await atNode(node, redis => redis.call('CLIENT', 'KILL', 'TYPE', 'normal')))
        return pulled(ends, () => receipt(dropped > 0, `${dropped} connections were cut at ${name}`))
      }),
    plant: (members, score) =>
      at(async node => {
        let fresh = 0
        // One call has only so many arguments.
        for (let from = 0; from < members.length; from += mostPlanted) {
          const planted = members.slice(from, from + mostPlanted).flatMap(member => [score, member])
          fresh += Number(await atNode(node, redis => redis.call('ZADD', key, 'NX', ...planted)))
        }
        return pulled(ends, () => receipt(fresh > 0, `${fresh} members are new at ${provider}`))
      }),
  }
}

const mostPlanted = 10_000

/** Whether it came to hold in time. */
async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = hostNow() + patienceMs; hostNow() < deadline; await sleep(20))
    if (await holds().catch(() => false)) return true
  return false
}
