/** Wrong on purpose: up with each acquire, down with each release, and nothing that ends what nobody releases. */
import { sessionsKey } from './keys.ts'
import { acquireRecent, renewNothing } from './recent.ts'
import type { Script, TrackerVariant } from './tracker.ts'

const scripts: Record<'acquire' | 'release', Script> = {
  acquire: { name: 'counter-acquire', files: ['counter/acquire.lua'], keys: 1 },
  release: { name: 'counter-release', files: ['counter/release.lua'], keys: 1 },
}

/** One counter a session, so that an observer can see whose it is; its sums are the counter a provider. */
export const counter: TrackerVariant = {
  name: 'counter',
  claim: 'a counter, up with each acquire and down with each release, for ever',
  breaks: ['every-slot-returned'],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create: store => ({
    acquire: ({ provider, member }) =>
      acquireRecent(store, scripts.acquire, [sessionsKey(provider.id)], [provider.limit, member]),
    async release({ provider, member }) {
      await store.run(scripts.release, [sessionsKey(provider.id)], [member])
    },
    renew: renewNothing,
  }),
}
