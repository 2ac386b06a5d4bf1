/**
 * Which shard each watched key lives in. A slot that moves to another primary takes its keys along one by one: the target restores a copy,
 * then the source deletes its own. No member comes or goes by that, and only both streams together can tell it from a deletion.
 */
import { hostNow } from '../part.ts'
import type { Sighting } from './shard.ts'

export interface Home {
  holds(key: string): boolean
  /** Resolves when it has told all that happened before this instant, or at the deadline. */
  toldBeyond(at: number, deadline: number): Promise<void>
}

export type Kind = 'changed' | 'lost'

export interface HomesOptions<S extends Home> {
  shards: readonly S[]
  homes: ReadonlyMap<string, S>
  /** The shard of the primary that owns the key's slot now, by the cluster's own word. */
  ownerOf(key: string): Promise<S | undefined>
  tell(kind: Kind, sighting: Sighting): void
  now?(): number
}

interface Place<S> {
  home: S
  told: Map<string, number>
  /** Not told before it is known where the key lives. */
  waiting: { shard: S; kind: Kind; sighting: Sighting }[]
  settling?: Promise<void>
}

/** Between the copy and the deletion lies one command of the source; longer than this only where a node is gone in between. */
const patienceMs = 10_000

export class Homes<S extends Home> {
  readonly #options: HomesOptions<S>
  readonly #now: () => number
  readonly #places: Map<string, Place<S>>

  constructor(options: HomesOptions<S>) {
    this.#options = options
    this.#now = options.now ?? hostNow
    this.#places = new Map([...options.homes].map(([key, home]) => [key, { home, told: new Map(), waiting: [] }]))
  }

  of(key: string): S {
    return this.#places.get(key)!.home
  }

  take(shard: S, kind: Kind, sighting: Sighting): void {
    const place = this.#places.get(sighting.key)!
    const atHome = shard === place.home && !sighting.whole && !place.waiting.length
    if (atHome || this.#options.shards.length === 1) {
      this.#tell(place, kind, sighting)
      return
    }
    place.waiting.push({ shard, kind, sighting })
    place.settling ??= this.#settle(sighting.key, place).finally(() => {
      delete place.settling
    })
  }

  /** A key that does not exist has moved with its slot, unseen. */
  async lookFor(key: string): Promise<void> {
    const place = this.#places.get(key)!
    const owner = await this.#options.ownerOf(key)
    if (owner && !place.home.holds(key) && !place.waiting.length) place.home = owner
  }

  /** Resolves when everything that was taken is told. */
  async settled(): Promise<void> {
    await Promise.all([...this.#places.values()].map(({ settling }) => settling))
  }

  async #settle(key: string, place: Place<S>) {
    const { shards, ownerOf } = this.#options
    const deadline = this.#now() + patienceMs
    while (place.waiting.length) {
      const asked = this.#now()
      await Promise.all(shards.map(shard => shard.toldBeyond(asked, deadline)))
      const abroad = place.waiting.filter(({ shard }) => shard !== place.home)
      if (!abroad.length) this.#stay(place)
      else if (!place.home.holds(key)) this.#move(place, abroad.at(-1)!.shard)
      else if (this.#now() > deadline) {
        const owner = await ownerOf(key).catch(() => undefined)
        if (owner && owner !== place.home) this.#move(place, owner)
        else this.#stay(place)
      }
    }
  }

  #stay(place: Place<S>) {
    for (const { shard, kind, sighting } of place.waiting.splice(0))
      if (shard === place.home) this.#tell(place, kind, sighting)
  }

  #move(place: Place<S>, to: S) {
    const waiting = place.waiting.splice(0)
    const before = waiting.filter(({ shard }) => shard === place.home)
    while (before.at(-1)?.sighting.whole) before.pop()
    for (const { kind, sighting } of before) this.#tell(place, kind, sighting)
    const there = waiting.filter(({ shard }) => shard === to)
    const missing = new Set(place.told.keys())
    for (const { sighting } of there) missing.delete(sighting.member)
    for (const { kind, sighting } of there)
      if ((place.told.get(sighting.member) ?? null) !== scoreOf(kind, sighting)) this.#tell(place, kind, sighting)
    // Removed at the target before anyone looked at the copy.
    const first = there[0]?.sighting
    if (first) for (const member of missing) this.#tell(place, 'changed', { ...first, member, after: null })
    place.home = to
  }

  #tell({ told }: Place<S>, kind: Kind, sighting: Sighting) {
    const score = scoreOf(kind, sighting)
    if (score === null) told.delete(sighting.member)
    else told.set(sighting.member, score)
    this.#options.tell(kind, sighting)
  }
}

/** What holds after it. */
export const scoreOf = (kind: Kind, { before, after }: Sighting): number | null => (kind === 'changed' ? after : before)
