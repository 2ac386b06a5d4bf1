/** What the nodes themselves counted, whatever the proxy made of it. */
import { Redis } from 'ioredis'

export interface StoreCounts {
  /** Commands that clients sent to scripts. Redis counts a script's own commands too, so those are left out. */
  commands: number
  /** By Redis's own prefix: CROSSSLOT, MOVED, TRYAGAIN, … */
  errors: Record<string, number>
}

const fromClients = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall']

/** Sums over all nodes that answer. */
export async function countStore(nodes: readonly { host: string; port: number }[]): Promise<StoreCounts> {
  const all = await Promise.all(nodes.map(countNode))
  return all.reduce(
    (sum, { commands, errors }) => ({ commands: sum.commands + commands, errors: added(sum.errors, errors, 1) }),
    nothing,
  )
}

export const difference = (before: StoreCounts, after: StoreCounts): StoreCounts => ({
  commands: after.commands - before.commands,
  errors: Object.fromEntries(Object.entries(added(after.errors, before.errors, -1)).filter(([, count]) => count > 0)),
})

const nothing: StoreCounts = { commands: 0, errors: {} }

const added = (a: Record<string, number>, b: Record<string, number>, sign: 1 | -1) => {
  const sum = { ...a }
  for (const [kind, count] of Object.entries(b)) sum[kind] = (sum[kind] ?? 0) + sign * count
  return sum
}

async function countNode({ host, port }: { host: string; port: number }): Promise<StoreCounts> {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    disableClientInfo: true,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const [commandstats, errorstats] = [
      String(await redis.info('commandstats')),
      String(await redis.info('errorstats')),
    ]
    let commands = 0
    for (const [, name, calls] of commandstats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm))
      if (fromClients.includes(name!)) commands += Number(calls)
    const errors: Record<string, number> = {}
    for (const [, kind, count] of errorstats.matchAll(/^errorstat_([^:]+):count=(\d+)/gm)) errors[kind!] = Number(count)
    return { commands, errors }
  } catch {
    return nothing
  } finally {
    redis.disconnect()
  }
}
