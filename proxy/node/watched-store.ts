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
    run(script, keys, args) {
      const tag = /^\{provider:[^}]*\}/.exec(keys[0] ?? '')?.[0]
      const reply = store.run(script, keys, args)
      reply.then(
        () => {
          reached = true
          if (tag) answered.set(tag, true)
        },
        () => void (tag && answered.set(tag, false)),
      )
      return reply
    },
    standing: () => (!reached ? 'not yet reached' : [...answered.values()].includes(false) ? 'away' : 'reached'),
  }
}
