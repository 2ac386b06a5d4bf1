/** The store's history as its nodes tell it: nothing is sampled, nothing can be missed, every instant is exact. */
import type { Millis } from '../../../proxy/ports.ts'
import { anchor } from '../../../proxy/tracker/keys.ts'
import type { Tell } from '../../history.ts'
import { fromBytes } from '../../redis/bytes.ts'
import type { Change } from '../../redis/keyspace.ts'
import type { VirtualNode } from '../../redis/node.ts'

export interface Watch {
  changed(node: VirtualNode, change: Change): void
  /** A change that was made and lost: the state is what it was before. */
  lost(node: VirtualNode, change: Change): void
  census(provider: string, node: VirtualNode, members: readonly string[]): void
  finish(): void
}

/** `watched`: provider by the key of its active set. */
export function watchStore(watched: ReadonlyMap<string, string>, now: () => Millis, tell: Tell): Watch {
  /** Replayed from what was told, to be compared with what is there. */
  const replayed = new Map<string, Set<string>>([...watched.values()].map(provider => [provider, new Set()]))
  let changes = 0
  let offset = 0

  function told(
    kind: 'store-changed' | 'store-lost',
    node: VirtualNode,
    { key, member }: Change,
    score: number | null,
  ) {
    const provider = watched.get(key)
    if (provider === undefined || member === undefined || member === anchor) return
    changes++
    const name = fromBytes(member)
    const members = replayed.get(provider)!
    if (score === null) members.delete(name)
    else members.add(name)
    const at = now()
    tell({ at, from: 'store', kind, provider, member: name, score, since: at, node: node.address, offset: ++offset })
  }

  return {
    changed: (node, change) => told('store-changed', node, change, change.after ?? null),
    lost: (node, change) => told('store-lost', node, change, change.before ?? null),
    census(provider, node, members) {
      const expected = replayed.get(provider)!
      const matched = members.length === expected.size && members.every(member => expected.has(member))
      const at = now()
      tell({
        at,
        from: 'store',
        kind: 'store-census',
        provider,
        members,
        since: at,
        node: node.address,
        offset,
        matched,
      })
    },
    finish: () => tell({ at: now(), from: 'store', kind: 'store-resolution', p50Ms: 0, p99Ms: 0, changes }),
  }
}
