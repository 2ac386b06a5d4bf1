/** Wrong on purpose: references that every acquire adds and only a failure takes away, so that after k successes a failure releases nothing. */
import { refsKey, sessionsKey } from './keys.ts'
import { acquireRecent, renewNothing } from './recent.ts'
import type { Script, Store, Tracker, TrackerVariant } from './tracker.ts'

const scripts: Record<'acquire' | 'release', Script> = {
  acquire: { name: 'ref-count-acquire', files: ['ref-count/acquire.lua'], keys: 2 },
  release: { name: 'ref-count-release', files: ['ref-count/release.lua'], keys: 2 },
}

/** The tracker over any pair of keys: `untagged` is this one with keys that do not meet in a slot. */
export const refCountOver =
  (keysOf: (provider: string) => readonly string[]) =>
  (store: Store, windowMs: number): Tracker => ({
    acquire: ({ provider, member }) =>
      acquireRecent(store, scripts.acquire, keysOf(provider.id), [windowMs, provider.limit, member]),
    async release({ provider, member }, ending) {
      if (ending === 'failure') await store.run(scripts.release, keysOf(provider.id), [member])
    },
    renew: renewNothing,
  })

export const refCount: TrackerVariant = {
  name: 'ref-count',
  claim: 'a ZSET of last activity and a HASH of references, +1 on each acquire, -1 only on failure',
  breaks: ['residency-within', 'every-slot-returned', 'tracks-truth', 'recovers-within'],
  membership: 'recently-active',
  membersKey: sessionsKey,
  create: refCountOver(provider => [sessionsKey(provider), refsKey(provider)]),
}
