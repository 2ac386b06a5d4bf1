import type { Provider } from '../../provider.ts'
import { careless } from './careless.ts'

/** It remembers where it began, and gives the slot back there. */
export const releasesWrongProvider = careless({
  name: 'releases-wrong-provider',
  claim: 'after a failover the slot is given back at the provider that failed',
  breaks: ['every-slot-returned', 'tracks-truth', 'recovers-within'],
  handle(tracker) {
    /** By session: where its last attempt failed. */
    const failedAt = new Map<string, Provider>()
    /** By token: where it believes to be. */
    const believed = new Map<string, Provider>()
    return {
      ...tracker,
      acquire(hold) {
        const began = failedAt.get(hold.member)
        failedAt.delete(hold.member)
        if (began) believed.set(hold.token, began)
        return tracker.acquire(hold)
      },
      release(hold, ending) {
        const provider = believed.get(hold.token) ?? hold.provider
        believed.delete(hold.token)
        if (ending === 'failure') failedAt.set(hold.member, provider)
        return tracker.release({ ...hold, provider }, ending)
      },
    }
  },
})
