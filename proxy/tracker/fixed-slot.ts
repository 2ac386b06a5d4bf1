/** Wrong on purpose: slots with one long time to live, and no heartbeat. */
import type { Provider } from '../provider.ts'
import { sessionsKey } from './keys.ts'
import { lease } from './lease.ts'
import type { Hold, TrackerVariant } from './tracker.ts'

/** A lease of twice the usual length. */
const longer = (provider: Provider): Provider => ({ ...provider, heartbeatMs: 2 * provider.heartbeatMs })
const slotOf = (hold: Hold): Hold => ({ ...hold, provider: longer(hold.provider) })

/** Everything but the renewal is the reference's: a stream that outlasts its slot is forgotten, a crash holds it to the end. */
export const fixedSlot: TrackerVariant = {
  name: 'fixed-slot',
  claim: 'slots of one long time to live, which nobody renews',
  breaks: ['nothing-uncounted', 'limits-hold', 'tracks-truth', 'leases-end'],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create(store, windowMs, wallNow) {
    const reference = lease.create(store, windowMs, wallNow)
    return {
      ...reference,
      acquire: hold => reference.acquire(slotOf(hold)),
      release: (hold, ending) => reference.release(slotOf(hold), ending),
      renew: provider => reference.renew(longer(provider), []),
    }
  },
}
