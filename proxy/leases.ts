/** The slots that this instance holds, and until when each can be vouched for. */
import type { Millis } from './ports.ts'
import { leaseMs, type Provider } from './provider.ts'
import { ShortLived } from './short-lived.ts'
import type { Hold } from './tracker/tracker.ts'

/**
 * An instance whose renewals are not acknowledged cannot know whether its leases still stand. It vouches for one until a
 * heartbeat before the earliest end it can have, counted from when the acknowledged command was sent; then it is unleased.
 */
export class Leases {
  readonly #byProvider: ReadonlyMap<string, ShortLived<Hold, { vouchedUntil: Millis; unleased: boolean }>>

  constructor(providers: readonly Provider[]) {
    this.#byProvider = new Map(providers.map(({ id }) => [id, new ShortLived()]))
  }

  /** The live holds at a provider: what a heartbeat renews. */
  at({ id }: Provider): Hold[] {
    return [...this.#at(id).keys()]
  }

  countAt({ id }: Provider): number {
    return this.#at(id).size
  }

  unleasedAt({ id }: Provider): number {
    let count = 0
    for (const { unleased } of this.#at(id).values()) if (unleased) count++
    return count
  }

  /** `sentAt`: when the command that got the slot left. */
  take(hold: Hold, sentAt: Millis): void {
    this.#at(hold.provider.id).set(hold, { vouchedUntil: vouchedUntil(hold.provider, sentAt), unleased: false })
  }

  /** Answers whether it was there. */
  give(hold: Hold): boolean {
    return this.#at(hold.provider.id).delete(hold)
  }

  /** A renewal of these that left at that time was acknowledged. */
  renewed(holds: readonly Hold[], sentAt: Millis): void {
    for (const hold of holds) {
      const lease = this.#at(hold.provider.id).get(hold)
      if (!lease) continue
      lease.vouchedUntil = vouchedUntil(hold.provider, sentAt)
      lease.unleased = false
    }
  }

  /** Those that have become unleased since it was last asked. */
  lapsed(provider: Provider, now: Millis): Hold[] {
    return this.at(provider).filter(hold => this.lapses(hold, now))
  }

  /** Whether this one has become unleased since it was last asked. */
  lapses(hold: Hold, now: Millis): boolean {
    const lease = this.#at(hold.provider.id).get(hold)
    if (!lease || lease.unleased || now <= lease.vouchedUntil) return false
    lease.unleased = true
    return true
  }

  #at(provider: string) {
    return this.#byProvider.get(provider)!
  }
}

const vouchedUntil = (provider: Provider, sentAt: Millis): Millis => sentAt + leaseMs(provider) - provider.heartbeatMs
