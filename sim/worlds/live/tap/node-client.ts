/** An ordinary connection to one node: its replication state, fences, and censuses at an exact offset. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { nodeLogin } from '../../../../proxy/node/redis.ts'
import type { Address } from '../cluster/at-node.ts'
import { hostNow } from '../part.ts'
import type { Fence } from './fence-clock.ts'
import { openFenceLink } from './fence-link.ts'
import { scoreOf } from './sorted-set.ts'

export interface ReplicationInfo {
  isPrimary: boolean
  replid: string
  /** The history this node continues, and up to which offset (exclusive). */
  previousReplid: string
  previousUntil: number
  offset: number
}

export interface CensusReading {
  offset: number
  members: ReadonlyMap<string, number>
  sentMs: number
  receivedMs: number
}

export interface NodeClient {
  info(patienceMs?: number): Promise<ReplicationInfo>
  fence(): Promise<Fence>
  /** One key a transaction: on a cluster two keys may lie in two slots. */
  census(key: string): Promise<CensusReading>
  close(): void
}

/** Every call rejects within a second, or the patience it is given, when the node does not answer. */
export function connectNode(address: Address): NodeClient {
  const { host, port, login } = address
  const redis = new Redis({
    host,
    port,
    ...nodeLogin(login),
    protocol: 2,
    disableClientInfo: true,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
  })
  redis.on('error', () => {})
  const fences = openFenceLink(address)
  return {
    async info(patienceMs) {
      const answer = redis.info('replication')
      if (patienceMs === undefined) return parse(String(await answer))
      const tooLate = sleep(patienceMs).then(() => Promise.reject(new Error(`no answer within ${patienceMs} ms`)))
      return parse(String(await Promise.race([answer, tooLate])))
    },
    fence: () => fences.fence(),
    async census(key) {
      const sentMs = hostNow()
      // While its slot is on its way here, the node shows a key to those who ask so.
      redis.call('ASKING').catch(() => {})
      const replies = (await redis.multi().info('replication').zrange(key, 0, '-1', 'WITHSCORES').exec()) ?? []
      // A key that was made something else has no members; anything else that fails is a failure.
      const [info, members] = replies.map(([error, reply]) =>
        error?.message.startsWith('WRONGTYPE') ? [] : certain(error, reply),
      )
      return { offset: parse(String(info)).offset, members: pairs(members as string[]), sentMs, receivedMs: hostNow() }
    },
    close() {
      fences.close()
      redis.disconnect()
    },
  }
}

function certain(error: Error | null, reply: unknown): unknown {
  if (error) throw error
  return reply
}

function pairs(flat: readonly string[]): Map<string, number> {
  const members = new Map<string, number>()
  for (let n = 0; n < flat.length; n += 2) members.set(flat[n]!, scoreOf(flat[n + 1]!))
  return members
}

function parse(info: string): ReplicationInfo {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  return {
    isPrimary: field('role') === 'master',
    replid: field('master_replid'),
    previousReplid: field('master_replid2'),
    previousUntil: Number(field('second_repl_offset')),
    offset: Number(field('master_repl_offset')),
  }
}
