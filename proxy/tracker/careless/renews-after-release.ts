import type { Hold } from '../tracker.ts'
import { careless } from './careless.ts'

/**
 * Its list of what it holds is a beat old, so that it renews what it has released meanwhile. Tombstones forgive that, so this one
 * keeps none.
 */
export const renewsAfterRelease = careless({
  name: 'renews-after-release',
  claim: 'renews what has been released meanwhile, and remembers no release',
  breaks: ['every-slot-returned', 'tracks-truth', 'recovers-within'],
  handle(tracker) {
    const before = new Map<string, readonly Hold[]>()
    return {
      ...tracker,
      release: (hold, ending) => tracker.release({ ...hold, provider: { ...hold.provider, tombstoneMs: 0 } }, ending),
      renew(provider, holds) {
        const tokens = new Set(holds.map(({ token }) => token))
        const stale = (before.get(provider.id) ?? []).filter(({ token }) => !tokens.has(token))
        before.set(provider.id, holds)
        return tracker.renew(provider, [...holds, ...stale])
      },
    }
  },
})
