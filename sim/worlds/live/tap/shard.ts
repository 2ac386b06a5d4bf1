/** Follows one primary, and whoever takes over from it: its watched keys, write by write, each with the time it was applied. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, nameOf } from '../cluster/at-node.ts'
import { hostNow } from '../part.ts'
import { type Band, FenceClock } from './fence-clock.ts'
import { CannotContinue, type Link, openLink } from './link.ts'
import { type CensusReading, connectNode, type NodeClient } from './node-client.ts'
import { type Change, Replay } from './replay.ts'

export interface Sighting extends Change, Band {
  node: string
}

export interface ShardEvents {
  changed(sighting: Sighting): void
  /** Applied, perhaps acknowledged, and forgotten in a failover; `before` holds again. */
  lost(sighting: Sighting): void
  gap(node: string, since: number, because: string): void
}

export interface ShardOptions {
  /** All that are watched, wherever they live: a slot that moves brings its keys here. */
  keys: readonly string[]
  /** Whether the key lives here. */
  owns(key: string): boolean
  /** The primary that leads the shard now. */
  locate(): Promise<Address>
  fenceEveryMs: number
  events: ShardEvents
}

/** The node does not own the key's slot, or only what is left of it. */
export class Elsewhere extends Error {}

/** Applied, and since when: earlier than its offset says, where a census had to tell it. */
type Pending = Change & { arrived: number; from?: number }

const quickMs = 300

/** Longer than a failover at the default node timeout takes on a busy machine. */
const patienceMs = 15_000

/** Wrapped, because a promise of a promise would be waited for. */
interface Attached {
  over: Promise<void>
}

export class Shard {
  readonly #options: ShardOptions
  readonly #replay: Replay
  readonly #fences = new FenceClock()
  #client: NodeClient | undefined
  #link: Link | undefined
  #node = ''
  #replid = ''
  /** Up to here everything is applied; -1 before the first census. */
  #offset = -1
  /** Applied, and not yet placed between two fences. */
  #pending: Pending[] = []
  /** Only a census can tell what these hold, since these offsets. */
  readonly #unsure = new Map<string, number>()
  #latestFence = { sentMs: 0, offset: 0 }
  #transaction: string[][] | undefined
  /** While a census is taken the stream waits here. */
  #held: { args: string[]; offset: number }[] | undefined
  #seenUntil = hostNow()
  #toldUntil = 0
  #closed = false
  #following: Promise<void> | undefined

  constructor(options: ShardOptions) {
    this.#options = options
    this.#replay = new Replay(options.keys)
  }

  /** Resolves when the first census is in place; goes on following until `close`. */
  async start(): Promise<void> {
    this.#following = this.#follow(await this.#attach())
  }

  /** Breaks the connection, as a network would; for tests of the resumption. */
  cut(): void {
    this.#link?.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#link?.close()
    this.#client?.close()
    await this.#following
  }

  /** The node that is followed, `host:port`. */
  get node(): string {
    return this.#node
  }

  holds(key: string): boolean {
    return this.#replay.at(key, this.#offset).size > 0
  }

  /** Resolves when all that happened before this instant is told, or at the deadline. */
  async toldBeyond(at: number, deadline: number): Promise<void> {
    let until: number | undefined
    for (; hostNow() < deadline; await sleep(1)) {
      const { sentMs, offset } = this.#latestFence
      if (until === undefined && sentMs > at) until = offset
      if (until !== undefined && this.#offset >= until && (this.#pending[0]?.offset ?? until + 1) > until) return
    }
  }

  /**
   * What the store holds at some exact offset, and whether the replay says the same. A look at a key that has just expired
   * deletes it, behind the offset that the look reports: only a difference that a second look finds too is one. Rejects with `Elsewhere`.
   */
  async compare(key: string): Promise<{ reading: CensusReading; matched: boolean; node: string }> {
    let looks = 0
    for (const deadline = hostNow() + patienceMs; ; await sleep(5)) {
      const node = this.#node
      const reading = await this.#client!.census(key).catch(error => {
        if (/^(MOVED|ASK) /.test(String(error.message))) throw new Elsewhere(error.message)
      })
      if (
        reading &&
        (await this.#reached(reading.offset, Math.min(deadline, hostNow() + 1_000))) &&
        node === this.#node
      ) {
        const matched = sameMembers(reading.members, this.#replay.at(key, reading.offset))
        if (matched || ++looks === 2) return { reading, matched, node }
      }
      if (hostNow() > deadline) throw new Error(`the tap did not catch up with ${node}`)
    }
  }

  /** Resolves when everything written before the call is replayed and told. */
  async sync(): Promise<void> {
    for (const deadline = hostNow() + patienceMs; ; await sleep(5)) {
      const info = await this.#client!.info().catch(() => undefined)
      if (info?.isPrimary && this.#link && (await this.#reached(info.offset, hostNow() + 1_000))) {
        while (!this.#fences.place(info.offset) && hostNow() < deadline) await sleep(1)
        if (this.#fences.place(info.offset)) return this.#tell()
      }
      if (hostNow() > deadline) throw new Error(`the tap did not catch up with ${this.#node}`)
    }
  }

  async #reached(offset: number, deadline: number): Promise<boolean> {
    while (this.#offset < offset && hostNow() < deadline) await sleep(1)
    return this.#offset >= offset
  }

  async #follow(first: Attached) {
    for (let attached = first; !this.#closed; ) {
      await attached.over
      this.#link = undefined
      this.#transaction = undefined
      this.#held = undefined
      while (!this.#closed) {
        try {
          attached = await this.#attach()
          break
        } catch {
          await sleep(20)
        }
      }
    }
  }

  /** Opens the link where the last one ended. */
  async #attach(): Promise<Attached> {
    const at = await this.#options.locate()
    const node = nameOf(at)
    const client = connectNode(at)
    let link: Link | undefined
    try {
      // One that hangs may have been replaced since it was named.
      const info = await client.info(quickMs)
      if (!info.isPrimary) throw new Error(`${node} is no primary`)
      let fresh = this.#offset < 0
      if (!fresh && info.replid !== this.#replid) {
        if (info.previousReplid === this.#replid) this.#takeBack(info.previousUntil - 1, node)
        else fresh = this.#lose(node, 'the node knows nothing of the history so far')
      }
      // A fence before the first write: nothing that follows happened earlier.
      const fence = await client.fence()
      const [replid, offset] = fresh ? [info.replid, fence.offset] : [this.#replid, this.#offset]
      if (fresh) for (const key of this.#options.keys.filter(this.#options.owns)) this.#unsure.set(key, offset)
      if (this.#unsure.size) this.#held = []
      const { promise: over, resolve: closed } = Promise.withResolvers<void>()
      link = await openLink({
        at,
        replid,
        offset,
        onClose: closed,
        onCommand: (args, until) => this.#take(args, until),
      }).catch(error => {
        if (!fresh && error instanceof CannotContinue)
          this.#lose(node, `the stream could not be resumed: ${error.message}`)
        throw error
      })
      this.#client?.close()
      this.#client = client
      // A fresh state was reached at some time after the last fence of the old one, up to this fence.
      if (fresh) this.#fences.handOver(offset - 1)
      else if (this.#node !== node) this.#fences.handOver(offset)
      if (fresh) this.#fences.add(fence)
      this.#node = node
      this.#link = link
      this.#replid = link.replid
      if (this.#unsure.size) await this.#census(link)
      else if (fresh) this.#offset = offset
      void this.#fence(client, link)
      return { over }
    } catch (error) {
      link?.close()
      this.#link = undefined
      this.#held = undefined
      if (client !== this.#client) client.close()
      throw error
    }
  }

  /** Nothing that was known holds any more. */
  #lose(node: string, because: string): true {
    this.#tellAll()
    this.#options.events.gap(node, this.#seenUntil, because)
    this.#offset = -1
    return true
  }

  #takeBack(offset: number, node: string) {
    if (this.#offset <= offset) return
    this.#tellAll()
    const at = hostNow()
    for (const key of this.#replay.censusedAfter(offset)) this.#unsure.set(key, offset)
    for (const change of this.#replay.rollBack(offset))
      this.#options.events.lost({ ...change, since: this.#seenUntil, at, node })
    this.#offset = offset
  }

  #take(args: string[], offset: number) {
    if (this.#held) return void this.#held.push({ args, offset })
    const command = args[0]!.toUpperCase()
    if (command === 'MULTI') this.#transaction = []
    else if (command === 'EXEC') {
      const whole = this.#transaction ?? []
      this.#transaction = undefined
      for (const each of whole) this.#apply(each, offset)
      this.#offset = offset
    } else if (this.#transaction) this.#transaction.push(args)
    else {
      this.#apply(args, offset)
      this.#offset = offset
    }
    this.#tell()
  }

  #apply(args: string[], offset: number) {
    const changes = this.#replay.apply(args, offset)
    if (Array.isArray(changes)) return this.#queue(changes)
    for (const key of changes.unknown) if (!this.#unsure.has(key)) this.#unsure.set(key, offset)
    const link = this.#link
    if (!link || this.#held) return
    this.#held = []
    this.#census(link).catch(() => link.close())
  }

  #queue(changes: readonly Change[], from?: number) {
    if (!changes.length) return
    const arrived = hostNow()
    for (const change of changes) this.#pending.push({ ...change, arrived, ...(from !== undefined && { from }) })
  }

  /** Takes the unsure keys' state from the store itself, and lets the held stream go on from there. */
  async #census(link: Link) {
    const client = this.#client!
    const readings = await Promise.all(
      [...this.#unsure.keys()].map(async key => ({ key, ...(await client.census(key)) })),
    )
    // Cut meanwhile: whoever attaches next takes it again.
    if (this.#link !== link) return
    for (const { key, members, offset } of readings.toSorted((a, b) => a.offset - b.offset)) {
      this.#queue(this.#replay.reset(key, members, offset), this.#unsure.get(key))
      this.#offset = Math.max(this.#offset, offset)
      this.#unsure.delete(key)
    }
    const held = this.#held ?? []
    this.#held = undefined
    for (const { args, offset } of held) this.#take(args, offset)
  }

  async #fence(client: NodeClient, link: Link) {
    const { fenceEveryMs } = this.#options
    while (!this.#closed && this.#link === link) {
      try {
        const fence = await client.fence()
        this.#seenUntil = fence.sentMs
        this.#latestFence = fence
        this.#fences.add(fence)
        this.#tell()
      } catch {
        // A node that hangs keeps its connections, and only the cluster knows whether another one took over: attach anew.
        link.close()
      }
      await sleep(fenceEveryMs)
    }
  }

  /** Tells what can be placed in time by now. */
  #tell() {
    let told = 0
    for (const change of this.#pending) {
      const band = this.#fences.place(change.offset)
      if (!band) break
      const from = change.from === undefined ? band : (this.#fences.place(change.from) ?? band)
      this.#report(change, { since: Math.min(from.since, band.since), at: band.at })
      told++
    }
    if (told) this.#pending.splice(0, told)
  }

  /** Tells the rest too, when no fence will come any more: it happened after the last one, and before it arrived here. */
  #tellAll() {
    this.#tell()
    for (const change of this.#pending)
      this.#report(change, { since: this.#fences.latest, at: Math.max(change.arrived, this.#toldUntil) })
    this.#pending = []
  }

  #report({ arrived: _, from: __, ...change }: Pending, band: Band) {
    this.#toldUntil = band.at
    this.#options.events.changed({ ...change, ...band, node: this.#node })
  }
}

const sameMembers = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>) =>
  a.size === b.size && [...a].every(([member, score]) => b.get(member) === score)
