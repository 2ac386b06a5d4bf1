/** Releases on their way to the store: sent at once, repeated until acknowledged, never waited for by a request. */
import type { Chance, Clock, Millis, ProxyEvents, Random } from './ports.ts'
import { leaseMs } from './provider.ts'
import type { Ending, Hold, Tracker } from './tracker/tracker.ts'

export interface Outbox {
  /** Leaves in this very tick. Safe for a token the store may never have seen. */
  release(hold: Hold, ending: Ending): void
  /** How many releases are not yet acknowledged, and since when the oldest waits. */
  pending(): { count: number; oldestMs: Millis }
  /** Resolves when all are acknowledged or given up. */
  empty(): Promise<void>
}

interface OutboxPorts {
  clock: Clock
  chance: Chance
  tracker: Tracker
  emit: ProxyEvents
}

export function createOutbox({ clock, chance, tracker, emit }: OutboxPorts): Outbox {
  const waiting = new Map<Hold, { since: Millis; done: Promise<void> }>()

  async function deliver(hold: Hold, ending: Ending) {
    const { provider, member, token } = hold
    const began = clock.now()
    let random: Random | undefined
    for (let tries = 1; ; tries++) {
      try {
        await tracker.release(hold, ending)
        emit({ kind: 'released', member, provider: provider.id, token, tries })
        return
      } catch (error) {
        emit({ kind: 'store-trouble', doing: 'release', provider: provider.id, because: String(error) })
        // Past two leases the store has let go of the slot by itself, if it still knew it.
        if (clock.now() - began > 2 * leaseMs(provider)) return
        random ??= chance.of('outbox', token)
        await clock.sleep(backOff(tries, random))
      }
    }
  }

  return {
    release(hold, ending) {
      const done = deliver(hold, ending).finally(() => waiting.delete(hold))
      waiting.set(hold, { since: clock.now(), done })
    },
    pending() {
      const oldest = Math.min(...[...waiting.values()].map(({ since }) => since))
      return { count: waiting.size, oldestMs: waiting.size ? clock.now() - oldest : 0 }
    },
    async empty() {
      while (waiting.size) await Promise.all([...waiting.values()].map(({ done }) => done))
    },
  }
}

/** Full jitter below 20, 40, 80 … 500 ms. */
const backOff = (tries: number, random: Random): Millis => random.next() * Math.min(500, 20 * 2 ** (tries - 1))
