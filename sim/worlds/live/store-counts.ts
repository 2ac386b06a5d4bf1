/** What the nodes themselves counted, whatever the proxy made of it. */
import { type Address, atNode } from './cluster/at-node.ts'

export interface StoreCounts {
  /** Commands that clients sent to scripts. Redis counts a script's own commands too, so those are left out. */
  commands: number
  /** By Redis's own prefix: CROSSSLOT, MOVED, TRYAGAIN, … */
  errors: Record<string, number>
}

const fromClients = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall']

/** Sums over all nodes that answer. */
export async function countStore(nodes: readonly Address[]): Promise<StoreCounts> {
  const all = await Promise.all(nodes.map(node => countNode(node).catch(() => nothing)))
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

/** What one node counted since it started; rejects when it does not answer. */
export const countNode = (node: Address): Promise<StoreCounts> =>
  atNode(node, async redis => {
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
  })
