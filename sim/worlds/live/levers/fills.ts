/** Nodes that have no room: full until the last of the fills that overlap is undone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, atNode, nameOf } from '../cluster/at-node.ts'
import { hostNow } from '../part.ts'

export interface Fills {
  /** Answers the way back. */
  fill(node: Address): Promise<() => Promise<void>>
}

const settings = ['maxmemory', 'maxmemory-policy'] as const

/** A node that is frozen is emptied when it wakes. */
const patienceMs = 15_000

export function createFills(): Fills {
  const standing = new Map<string, { count: number; before: [string, string][] }>()
  return {
    async fill(node) {
      const name = nameOf(node)
      const already = standing.get(name)
      if (already) already.count++
      else standing.set(name, { count: 1, before: await atNode(node, fillUp) })
      return async () => {
        const fill = standing.get(name)!
        if (--fill.count > 0) return
        standing.delete(name)
        await restore(node, fill.before)
      }
    },
  }
}

const fillUp = async (redis: Parameters<Parameters<typeof atNode>[1]>[0]) => {
  const before: [string, string][] = []
  for (const name of settings) before.push((await redis.config('GET', name)) as [string, string])
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
  await redis.config('SET', 'maxmemory', '1')
  return before
}

async function restore(node: Address, before: readonly [string, string][]): Promise<void> {
  const setAll = () =>
    atNode(node, async redis => {
      for (const [name, value] of before) await redis.config('SET', name, value)
    })
  for (const deadline = hostNow() + patienceMs; ; await sleep(50)) {
    try {
      return await setAll()
    } catch (error) {
      // Its process is gone, and the setting with it.
      if (String(error).includes('ECONNREFUSED')) return
      if (hostNow() > deadline) throw error
    }
  }
}
