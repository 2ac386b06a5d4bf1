/** Releases on their way to the store: sent at once, repeated until acknowledged, never waited for by a request. */
import type { Chance, Clock, Millis, ProxyEvents, Random } from './ports.ts'
import { leaseMs } from './provider.ts'
import type { Reach } from './reach.ts'
import { ShortLived } from './short-lived.ts'
import type { Ending, Hold, Tracker } from './tracker/tracker.ts'

export interface Outbox {
  /** Leaves in this very tick, unless the store is known to be away. Safe for a token the store may never have seen. */
  release(hold: Hold, ending: Ending): void
  /** How many releases are not yet acknowledged, since when the oldest waits, and how many were given up so far. */
  pending(): { count: number; oldestMs: Millis; dropped: number }
  /** Resolves when all are acknowledged or given up. */
  empty(): Promise<void>
}

interface OutboxPorts {
  clock: Clock
  chance: Chance
  tracker: Tracker
  emit: ProxyEvents
}

/** What waits is bounded: beyond it the oldest is given up, whose lease ends first. */
export const mostWaiting = 10_000

interface Waiting {
  since: Millis
  done: Promise<void>
  dropped: boolean
}

export function createOutbox({ clock, chance, tracker, emit }: OutboxPorts, reach: Reach): Outbox {
  const waiting = new ShortLived<Hold, Waiting>()
  let dropped = 0

  function drop({ provider, token }: Hold, because: string) {
    dropped++
    emit({ kind: 'outbox-dropped', provider: provider.id, token, because })
  }

  async function deliver(hold: Hold, ending: Ending, entry: Waiting) {
    const { provider, member, token } = hold
    let random: Random | undefined
    let tries = 0
    for (let round = 0; !entry.dropped; round++) {
      // While the store is away one asks for all.
      if (!reach.isAway(provider.id) || waiting.keys().next().value === hold)
        try {
          tries++
          await tracker.release(hold, ending)
          reach.answered(provider.id)
          if (!entry.dropped) emit({ kind: 'released', member, provider: provider.id, token, tries })
          return
        } catch (error) {
          reach.failed(provider.id)
          emit({ kind: 'store-trouble', doing: 'release', provider: provider.id, because: String(error) })
        }
      // Past two leases the store has let go of the slot by itself, if it still knew it. While nobody can ask it, its lease clock stands.
      if (!reach.isAway(provider.id) && clock.now() - entry.since > 2 * leaseMs(provider))
        return drop(hold, 'its lease is long over')
      random ??= chance.of('outbox', token)
      await clock.sleep(backOff(round, random))
    }
  }

  return {
    release(hold, ending) {
      if (waiting.size >= mostWaiting) {
        const [oldest, entry] = waiting[Symbol.iterator]().next().value!
        entry.dropped = true
        waiting.delete(oldest)
        drop(oldest, `more than ${mostWaiting} are waiting`)
      }
      const entry: Waiting = { since: clock.now(), done: Promise.resolve(), dropped: false }
      entry.done = deliver(hold, ending, entry).finally(() => waiting.delete(hold))
      waiting.set(hold, entry)
    },
    pending() {
      const oldest = waiting.values().next().value
      return { count: waiting.size, oldestMs: oldest ? clock.now() - oldest.since : 0, dropped }
    },
    async empty() {
      while (waiting.size) await Promise.all([...waiting.values()].map(({ done }) => done))
    },
  }
}

/** Full jitter below 20, 40, 80 … 500 ms. */
const backOff = (round: number, random: Random): Millis => random.next() * Math.min(500, 20 * 2 ** round)
