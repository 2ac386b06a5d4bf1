/** A store whose last answers are remembered: a probe must not add calls of its own to a store in trouble. */
import type { Store } from '../tracker/tracker.ts'
import type { Readiness } from './admin/readiness.ts'

export interface WatchedStore extends Store {
  /** Heartbeats ask each provider's node all the time, so this is never older than one of them and its time-out. */
  standing(): Readiness['store']
}

export function watchStore(store: Store): WatchedStore {
  /** By the hash tag of the first key, which names a provider; sessions' own keys say nothing about a provider's node. */
  const answered = new Map<string, boolean>()
  let reached = false
  return {
    async run(script, keys, args) {
      const tag = /^\{provider:[^}]*\}/.exec(keys[0] ?? '')?.[0]
      try {
        const reply = await store.run(script, keys, args)
        reached = true
        if (tag) answered.set(tag, true)
        return reply
      } catch (error) {
        if (tag) answered.set(tag, false)
        throw error
      }
    },
    standing: () => (!reached ? 'not yet reached' : [...answered.values()].includes(false) ? 'away' : 'reached'),
  }
}
