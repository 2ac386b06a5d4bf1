/** Wrong on purpose: it counts, and then it adds. Between the two calls everybody else may do the same. */

import { attemptsKey, sessionsKey } from './keys.ts'
import { lease } from './lease.ts'
import type { Script, TrackerVariant } from './tracker.ts'

const count: Script = { name: 'check-then-act-count', files: ['check-then-act/count.lua'], keys: 2 }

/** Everything but the admission is the reference's: what fails is the gap between check and act alone. */
export const checkThenAct: TrackerVariant = {
  name: 'check-then-act',
  claim: 'counts, then adds, in two calls',
  breaks: ['limits-hold'],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create(store, windowMs, wallNow) {
    const reference = lease.create(store, windowMs, wallNow)
    return {
      ...reference,
      async acquire(hold) {
        const { provider, member } = hold
        const keys = [sessionsKey(provider.id), attemptsKey(provider.id)]
        const [members, isMember] = (await store.run(count, keys, [provider.unit, member])) as [number, number]
        const joins = provider.unit === 'session' && isMember === 1
        if (!joins && members >= provider.limit) return { kind: 'full', count: members, retryAfterMs: 0 }
        await reference.renew(provider, [hold])
        return { kind: 'admitted', count: members + 1 }
      },
    }
  },
}
