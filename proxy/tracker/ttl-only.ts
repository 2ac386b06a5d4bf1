/** Wrong on purpose: nothing is released; a session goes when its last activity is a window ago. */
import { sessionsKey } from './keys.ts'
import { acquireRecent, recentScripts, renewNothing } from './recent.ts'
import type { TrackerVariant } from './tracker.ts'

export const ttlOnly: TrackerVariant = {
  name: 'ttl-only',
  claim: 'no release on failure: members go by TTL alone',
  breaks: ['residency-within', 'every-slot-returned', 'no-ghost-rejections', 'tracks-truth', 'recovers-within'],
  membership: 'recently-active',
  membersKey: sessionsKey,
  create: (store, windowMs) => ({
    acquire: ({ provider, member }) =>
      acquireRecent(store, recentScripts.acquire, [sessionsKey(provider.id)], [windowMs, provider.limit, member]),
    release: async () => {},
    renew: renewNothing,
  }),
}
