/** The primary that owns a provider's slot when the lever is pulled. What is pulled stays aimed at that node, whatever its role becomes. */
import type { NodeLever } from '../../../levers.ts'
import { toBytes } from '../../../redis/bytes.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import type { Parts } from './index.ts'

export function nodeLever({ cluster, membersKey }: Parts, provider: string): NodeLever {
  const key = toBytes(membersKey(provider))
  const aim = () => {
    const shard = cluster.shardOf(key)
    const server = shard.primary
    const { node } = server
    return { shard, server, node, address: node.address }
  }
  return {
    async kill() {
      const { shard, server, address } = aim()
      if (server.state === 'dead') return notPulled(`${address} was dead already`)
      shard.kill(server)
      return pulled(
        () => shard.restart(server),
        () => {
          const heir = cluster.holderOf(key).address
          if (heir === address) return receipt(false, `no other node took over from ${address}`)
          return receipt(true, `${address} was killed, and ${heir} owns the slot of ${provider}`)
        },
      )
    },
    async freeze() {
      const { shard, server, address } = aim()
      if (server.state === 'dead') return notPulled(`${address} was dead already`)
      const before = server.unanswered
      const thaw = shard.freeze(server)
      let during = 0
      return pulled(
        () => {
          during = server.unanswered - before
          thaw()
        },
        () => receipt(during > 0, `${address} left ${during} commands unanswered`),
      )
    },
    async failOver() {
      const { shard, address } = aim()
      if (!shard.failOver()) return notPulled(`${address} could not hand over: it or its replica is gone`)
      const heir = shard.primary.node.address
      return pulled(
        () => {},
        () => receipt(true, `${heir} took over from ${address}`),
      )
    },
    async fill() {
      const { server, node, address } = aim()
      if (server.state === 'dead') return notPulled(`${address} was dead already`)
      const refused = () => node.counts().get('error OOM') ?? 0
      const before = refused()
      const empty = node.fill()
      let during = 0
      return pulled(
        () => {
          during = refused() - before
          empty()
        },
        () => receipt(during > 0, `${address} refused ${during} commands with OOM`),
      )
    },
    async flushScripts() {
      const { server, node, address } = aim()
      if (server.state !== 'up') return notPulled(`${address} did not answer`)
      const missed = () => node.counts().get('error NOSCRIPT') ?? 0
      const before = missed()
      node.execute(['SCRIPT', 'FLUSH'])
      return pulled(
        () => {},
        () => receipt(missed() > before, `${address} answered ${missed() - before} commands with NOSCRIPT`),
      )
    },
    async flush() {
      const { server, node, address } = aim()
      if (server.state !== 'up') return notPulled(`${address} did not answer`)
      const keys = node.keyspace.size
      node.keyspace.clear()
      return pulled(
        () => {},
        () => receipt(keys > 0, `${keys} keys were lost at ${address}`),
      )
    },
    async dropConnections() {
      const { server, address } = aim()
      const dropped = server.dropConnections()
      return pulled(
        () => {},
        () => receipt(dropped > 0, `${dropped} connections were cut at ${address}`),
      )
    },
    async plant(members, score) {
      const { server, node, address } = aim()
      if (server.state !== 'up') return notPulled(`${address} did not answer`)
      const set = node.keyspace.zset(key)
      const fresh = members.map(toBytes).filter(member => set?.score(member) === undefined)
      for (const member of fresh) node.keyspace.setMember(key, member, score)
      return pulled(
        () => {},
        () => receipt(fresh.length > 0, `${fresh.length} members are new at ${provider}`),
      )
    },
  }
}
