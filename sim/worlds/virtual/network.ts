/** Every way of the virtual world: from one machine to another there is one link, whoever asks for it. */
import type { Millis } from '../../../proxy/ports.ts'
import { seedFor } from '../../random.ts'
import { Link } from '../../redis/link.ts'
import type { Topology } from '../../topology.ts'

/** One-way delays. Round trips cost time, or races would vanish. */
const usuallyToStore = { minMs: 0.1, maxMs: 0.5 }
const toProvider = { minMs: 0.2, maxMs: 1 }

export class Network {
  readonly #links = new Map<string, Link>()
  readonly #seed: number
  readonly #now: () => Millis
  readonly #toStore: NonNullable<Topology['toStore']>

  constructor(seed: number, now: () => Millis, toStore = usuallyToStore) {
    this.#seed = seed
    this.#now = now
    this.#toStore = toStore
  }

  toNode(from: string, address: string): Link {
    return this.#link(from, address, this.#toStore)
  }

  toProvider(from: string, provider: string): Link {
    return this.#link(from, provider, toProvider)
  }

  /** Nothing is slowed, held back or cut. */
  get clean(): boolean {
    return [...this.#links.values()].every(({ clean }) => clean)
  }

  /** A thousand round trips to the store, as a bystander makes them. */
  roundTrips(): { p50Ms: Millis; p99Ms: Millis; samples: number } {
    const link = this.toNode('bystander', '')
    const trips = Array.from({ length: 1_000 }, () => link.delay() + link.delay()).sort((a, b) => a - b)
    const micros = (ms: number) => Math.round(ms * 1000) / 1000
    return { p50Ms: micros(trips[499]!), p99Ms: micros(trips[989]!), samples: trips.length }
  }

  #link(from: string, to: string, range: NonNullable<Topology['toStore']>): Link {
    const key = `${from} ${to}`
    let link = this.#links.get(key)
    if (!link) {
      link = new Link({ seed: seedFor(this.#seed, 'link', from, to), now: this.#now, ...range })
      this.#links.set(key, link)
    }
    return link
  }
}
