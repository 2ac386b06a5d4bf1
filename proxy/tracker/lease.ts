/**
 * The reference tracker. Slots are leases named by attempt tokens, so that every command may be re-sent, delayed or
 * repeated; both keys of a provider share one slot; time is the lease clock of `lease/clock.lua`.
 */
import { leaseMs, type Provider } from '../provider.ts'
import { attemptsKey, sessionsKey } from './keys.ts'
import type { Script, TrackerVariant } from './tracker.ts'

const script = (name: string): Script => ({
  name: `lease-${name}`,
  files: ['lease/clock.lua', `lease/${name}.lua`],
  keys: 2,
})

/** All that ever runs for this tracker. */
export const leaseScripts = { acquire: script('acquire'), release: script('release'), renew: script('renew') } as const

/** Lease times are whole milliseconds, so that the scripts can name the last instant before another. */
const timesOf = (provider: Provider) => ({
  heartbeat: Math.round(provider.heartbeatMs),
  lease: Math.round(leaseMs(provider)),
  tombstone: Math.round(provider.tombstoneMs),
})

const keysOf = (provider: string) => [sessionsKey(provider), attemptsKey(provider)]

export const lease: TrackerVariant = {
  name: 'lease',
  claim: 'leases by attempt token, two keys in one slot, a lease clock that no stall or skew can hurry',
  breaks: [],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create: store => ({
    async acquire({ provider, member, token }) {
      const { id, unit, limit } = provider
      const { heartbeat, lease, tombstone } = timesOf(provider)
      const args = [heartbeat, lease, tombstone, unit, limit, member, token]
      const [kind, count, retryAfterMs] = (await store.run(leaseScripts.acquire, keysOf(id), args)) as [
        string,
        number,
        number?,
      ]
      if (kind === 'dead') return { kind }
      if (kind === 'full') return { kind, count, retryAfterMs: retryAfterMs ?? 0 }
      return { kind: 'admitted', count }
    },
    async release({ provider, member, token }) {
      const { heartbeat, tombstone } = timesOf(provider)
      await store.run(leaseScripts.release, keysOf(provider.id), [heartbeat, tombstone, member, token])
    },
    async renew(provider, holds) {
      const pairs = holds.flatMap(({ member, token }) => [member, token])
      const { heartbeat, lease } = timesOf(provider)
      const args = [heartbeat, lease, ...pairs]
      const [, ...reinserted] = (await store.run(leaseScripts.renew, keysOf(provider.id), args)) as [
        number,
        ...string[],
      ]
      return { reinserted }
    },
  }),
}
