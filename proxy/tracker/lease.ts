/**
 * The reference tracker. Slots are leases named by attempt tokens, so that every command may be re-sent, delayed or
 * repeated; both keys of a provider share one slot; time is the lease clock of `lease/clock.lua`.
 */
import { leaseMs, type Provider } from '../provider.ts'
import { attemptsKey, sessionsKey } from './keys.ts'
import type { Script, Store, Tracker, TrackerVariant } from './tracker.ts'

/** The scripts under a clock, which is the head of each. */
export function scriptsUnder(clock: 'lease' | 'wall-clock') {
  const script = (name: string, more: Pick<Script, 'whenFull'> = {}): Script => ({
    name: `${clock}-${name}`,
    files: [`${clock}/clock.lua`, `lease/${name}.lua`],
    keys: 2,
    ...more,
  })
  return {
    acquire: script('acquire'),
    release: script('release', { whenFull: true }),
    renew: script('renew', { whenFull: true }),
  } as const
}

/** All that ever runs for this tracker. */
export const leaseScripts = scriptsUnder('lease')

/** Lease times are whole milliseconds, so that the scripts can name the last instant before another. */
const timesOf = (provider: Provider) => ({
  heartbeat: Math.round(provider.heartbeatMs),
  lease: Math.round(leaseMs(provider)),
  tombstone: Math.round(provider.tombstoneMs),
})

const keysOf = (provider: string) => [sessionsKey(provider), attemptsKey(provider)]

/** `clockArgument`: what the clock of these scripts is told. */
export function leasesOf(
  store: Store,
  scripts: typeof leaseScripts,
  clockArgument: (provider: Provider) => number,
): Tracker {
  return {
    async acquire({ provider, member, token }) {
      const { id, unit, limit } = provider
      const { lease, tombstone } = timesOf(provider)
      const args = [clockArgument(provider), lease, tombstone, unit, limit, member, token]
      const [kind, count, retryAfterMs] = (await store.run(scripts.acquire, keysOf(id), args)) as [
        string,
        number,
        number?,
      ]
      if (kind === 'dead') return { kind }
      if (kind === 'full') return { kind, count, retryAfterMs: retryAfterMs ?? 0 }
      return { kind: 'admitted', count }
    },
    async release({ provider, member, token }) {
      const { tombstone } = timesOf(provider)
      await store.run(scripts.release, keysOf(provider.id), [clockArgument(provider), tombstone, member, token])
    },
    async renew(provider, holds) {
      const pairs = holds.flatMap(({ member, token }) => [member, token])
      const { lease } = timesOf(provider)
      const args = [clockArgument(provider), lease, ...pairs]
      const [, ...reinserted] = (await store.run(scripts.renew, keysOf(provider.id), args)) as [number, ...string[]]
      return { reinserted }
    },
  }
}

export const lease: TrackerVariant = {
  name: 'lease',
  claim: 'leases by attempt token, two keys in one slot, a lease clock that no stall or skew can hurry',
  breaks: [],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create: store => leasesOf(store, leaseScripts, provider => timesOf(provider).heartbeat),
}
