/** The store's history as its nodes tell it: nothing is sampled, nothing can be missed, every instant is exact. */
import type { Millis } from '../../../proxy/ports.ts'
import { anchor } from '../../../proxy/tracker/keys.ts'
import type { Tell } from '../../history.ts'
import { fromBytes } from '../../redis/bytes.ts'
import type { Change } from '../../redis/keyspace.ts'
import type { VirtualNode } from '../../redis/node.ts'

export interface Watch {
  changed(node: VirtualNode, change: Change): void
  /** A change at a node that had been replaced: the state is what it is elsewhere. */
  lost(node: VirtualNode, change: Change): void
  /** Other nodes serve than before: what they do not have is lost. */
  changedHands(): void
  census(): void
  finish(): void
}

export interface WatchOptions {
  /** Provider by the key of its active set. */
  watched: ReadonlyMap<string, string>
  /** The node that serves a key now. */
  holderOf(key: string): VirtualNode
  now(): Millis
  tell: Tell
}

export function watchStore({ watched, holderOf, now, tell }: WatchOptions): Watch {
  /** Replayed from what was told, to be compared with what is there. */
  const replayed = new Map([...watched.values()].map(provider => [provider, new Map<string, number>()]))
  let changes = 0
  let offset = 0

  function told(
    kind: 'store-changed' | 'store-lost',
    node: VirtualNode,
    provider: string,
    member: string,
    score: number | null,
  ) {
    changes++
    const members = replayed.get(provider)!
    if (score === null) members.delete(member)
    else members.set(member, score)
    const at = now()
    tell({ at, from: 'store', kind, provider, member, score, since: at, node: node.address, offset: ++offset })
  }

  function there(key: string): { node: VirtualNode; members: Map<string, number> } {
    const node = holderOf(key)
    const members = new Map<string, number>()
    for (const { member, score } of node.keyspace.zset(key) ?? [])
      if (member !== anchor) members.set(fromBytes(member), score)
    return { node, members }
  }

  return {
    changed(node, { key, member, after = null }) {
      const provider = watched.get(key)
      if (provider === undefined || member === undefined || member === anchor) return
      told('store-changed', node, provider, fromBytes(member), after)
    },
    lost(node, { key, member: bytes }) {
      const provider = watched.get(key)
      if (provider === undefined || bytes === undefined || bytes === anchor) return
      const member = fromBytes(bytes)
      told('store-lost', node, provider, member, replayed.get(provider)!.get(member) ?? null)
    },
    changedHands() {
      for (const [key, provider] of watched) {
        const { node, members } = there(key)
        const known = replayed.get(provider)!
        for (const member of new Set([...known.keys(), ...members.keys()])) {
          const score = members.get(member)
          if (score !== known.get(member)) told('store-lost', node, provider, member, score ?? null)
        }
      }
    },
    census() {
      for (const [key, provider] of watched) {
        const { node, members } = there(key)
        const expected = replayed.get(provider)!
        const matched =
          members.size === expected.size && [...members].every(([member, score]) => expected.get(member) === score)
        const at = now()
        tell({
          at,
          from: 'store',
          kind: 'store-census',
          provider,
          members: [...members.keys()],
          since: at,
          node: node.address,
          offset,
          matched,
        })
      }
    },
    finish: () => tell({ at: now(), from: 'store', kind: 'store-resolution', p50Ms: 0, p99Ms: 0, changes }),
  }
}
