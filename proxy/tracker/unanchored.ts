/** Wrong on purpose: keys that vanish with their last member, so that a script of both cannot run while their slot moves. */
import { attemptsKey, sessionsKey } from './keys.ts'
import { lease } from './lease.ts'
import type { Script, TrackerVariant } from './tracker.ts'

const forget: Script = { name: 'unanchored-forget', files: ['unanchored/forget.lua'], keys: 2 }

/** Everything but the anchors is the reference's. */
export const unanchored: TrackerVariant = {
  ...lease,
  name: 'unanchored',
  claim: 'the reference without its anchors: a key that holds nobody does not exist',
  breaks: ['no-failed-admissions'],
  create(store, windowMs, wallNow) {
    const reference = lease.create(store, windowMs, wallNow)
    const afterwards = async <T>(provider: string, work: Promise<T>): Promise<T> => {
      const done = await work
      await store.run(forget, [sessionsKey(provider), attemptsKey(provider)], []).catch(() => {})
      return done
    }
    return {
      ...reference,
      release: (hold, ending) => afterwards(hold.provider.id, reference.release(hold, ending)),
      renew: (provider, holds) => afterwards(provider.id, reference.renew(provider, holds)),
    }
  },
}
