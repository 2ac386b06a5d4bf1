/** Wrong on purpose: a failure removes the session, although another of its attempts may still be in flight. */
import { sessionsKey } from './keys.ts'
import { acquireRecent, recentScripts, renewNothing } from './recent.ts'
import type { TrackerVariant } from './tracker.ts'

export const rawRemove: TrackerVariant = {
  name: 'raw-remove',
  claim: 'a failure removes the session outright, whoever still uses it',
  breaks: ['limits-hold', 'nothing-uncounted', 'tracks-truth'],
  membership: 'recently-active',
  membersKey: sessionsKey,
  create: (store, windowMs) => ({
    acquire: ({ provider, member }) =>
      acquireRecent(store, recentScripts.acquire, [sessionsKey(provider.id)], [windowMs, provider.limit, member]),
    async release({ provider, member }, ending) {
      if (ending === 'failure') await store.run(recentScripts.remove, [sessionsKey(provider.id)], [member])
    },
    renew: renewNothing,
  }),
}
