/**
 * The reference tracker. Slots are leases named by attempt tokens, so that every command may be re-sent, delayed or
 * repeated; both keys of a provider share one slot; time is the lease clock of `lease/clock.lua`.
 */
import { leaseMs, type Provider } from '../provider.ts'
import { attemptsKey, sessionsKey } from './keys.ts'
import type { Hold, Script, Store, Tracker, TrackerVariant } from './tracker.ts'

/** The scripts under a clock, which is the head of each. */
export function scriptsUnder(clock: 'lease' | 'wall-clock') {
  const script = (name: string, firstLine: 'shebang' | 'shebang-oom' = 'shebang'): Script => ({
    name: `${clock}-${name}`,
    files: [`lease/${firstLine}.lua`, `${clock}/clock.lua`, 'lease/reap.lua', `lease/${name}.lua`],
    keys: 2,
  })
  return {
    acquire: script('acquire'),
    // What makes room, or keeps the count true, must pass when memory is full.
    release: script('release', 'shebang-oom'),
    renew: script('renew', 'shebang-oom'),
    count: script('count', 'shebang-oom'),
    terminate: script('terminate', 'shebang-oom'),
    audit: script('audit', 'shebang-oom'),
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

/** An attempt, as `lease/clock.lua` keeps it. */
const entryOf = ({ token, member }: Hold) => `${token} ${member}`

/** `clockArgument`: what the clock of these scripts is told. */
export function leasesOf(
  store: Store,
  scripts: typeof leaseScripts,
  clockArgument: (provider: Provider) => number,
): Tracker {
  const keys = new Map<string, readonly string[]>()
  function keysOf(provider: string): readonly string[] {
    let known = keys.get(provider)
    if (!known) keys.set(provider, (known = [sessionsKey(provider), attemptsKey(provider)]))
    return known
  }

  return {
    async acquire(hold) {
      const { provider, member } = hold
      const { id, unit, limit } = provider
      const { lease, tombstone } = timesOf(provider)
      const args = [clockArgument(provider), lease, tombstone, unit, limit, member, entryOf(hold), `! ${member}`]
      const [kind, count = 0, retryAfterMs = 0] = (await store.run(scripts.acquire, keysOf(id), args)) as [
        string,
        number,
        number?,
      ]
      if (kind === 'dead' || kind === 'terminated') return { kind }
      return kind === 'full' ? { kind, count, retryAfterMs } : { kind: 'admitted', count }
    },
    async release(hold) {
      const { provider, member } = hold
      const { tombstone } = timesOf(provider)
      const args = [clockArgument(provider), tombstone, member, entryOf(hold)]
      await store.run(scripts.release, keysOf(provider.id), args)
    },
    async renew(provider, holds) {
      const { lease } = timesOf(provider)
      const reinserted: string[] = []
      const terminated: string[] = []
      let from = 0
      do {
        const pairs = holds.slice(from, (from += mostRenewals)).flatMap(({ member, token }) => [member, token])
        const args = [clockArgument(provider), lease, ...pairs]
        const [inserted, ended] = (await store.run(scripts.renew, keysOf(provider.id), args)) as [string[], string[]]
        reinserted.push(...inserted)
        terminated.push(...ended)
      } while (from < holds.length)
      return { reinserted, terminated }
    },
    operator: {
      count: async provider =>
        (await store.run(scripts.count, keysOf(provider.id), [clockArgument(provider)])) as number,
      async terminate(provider, member, lastsMs) {
        const args = [clockArgument(provider), Math.round(lastsMs), member]
        return (await store.run(scripts.terminate, keysOf(provider.id), args)) as number
      },
      async audit(provider) {
        const report = { scanned: 0, membersRemoved: [] as string[], countsMended: [] as string[] }
        // Who leaves between two calls moves everybody behind, and hides one from this pass.
        for (let passes = 0; passes < mostPasses; passes++) {
          const before = report.membersRemoved.length
          let [calls, from, seen] = [0, 0, auditBatch]
          for (; seen === auditBatch; calls++) {
            const args = [clockArgument(provider), from, auditBatch]
            const answer = await store.run(scripts.audit, keysOf(provider.id), args)
            const [looked, removed, mended] = answer as [number, string[], string[]]
            seen = looked
            from += seen - removed.length
            report.scanned += seen
            report.membersRemoved.push(...removed)
            report.countsMended.push(...mended)
          }
          if (calls === 1 || report.membersRemoved.length === before) break
        }
        return report
      },
    },
  }
}

/** Renewals in one call: a script of so many takes a few milliseconds, and nobody else is served meanwhile. */
const mostRenewals = 500
/**
 * Members that one call of an audit looks at: about two milliseconds where all of them go. 120,000 take 30 round trips, so that the slowest
 * way to the store that a swarm draws keeps them for less than the shortest heartbeat.
 */
const auditBatch = 4_000
/** Of one audit: whoever goes on adding members must not keep it for ever. */
const mostPasses = 4

export const lease: TrackerVariant = {
  name: 'lease',
  claim: 'leases by attempt token, two keys in one slot, a lease clock that no stall or skew can hurry',
  breaks: [],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create: store => leasesOf(store, leaseScripts, provider => timesOf(provider).heartbeat),
}
