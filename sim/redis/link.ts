/** The way between two machines: how long each message takes, and whether anything passes at all. */
import type { Millis } from '../../proxy/ports.ts'
import { Overlap } from '../overlap.ts'
import { drawFor } from '../random.ts'

export interface LinkOptions {
  /** The number all its draws come from. */
  seed: number
  now(): Millis
  /** Messages take between these, evenly spread. */
  minMs: Millis
  maxMs: Millis
}

/** Whatever breaks when its way is cut. */
interface Severable {
  sever(): void
}

export class Link {
  /** What was hit so far: messages that took longer, messages that had to wait, connections that broke or were refused. */
  readonly hit = { delayed: 0, held: 0, cut: 0 }
  readonly #options: LinkOptions
  readonly #delays = new Set<{ ms: Millis }>()
  #extraMs: Millis = 0
  readonly #silence = new Overlap(() => this.#release())
  #held: (() => void)[] = []
  readonly #cut = new Overlap()
  readonly #connections = new Set<Severable>()
  #instant = -1
  #nth = 0

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Every message takes so much longer, until the answer is called. */
  slow(ms: Millis): () => void {
    const one = { ms }
    this.#delays.add(one)
    this.#addUp()
    return () => {
      this.#delays.delete(one)
      this.#addUp()
    }
  }

  /** Nothing passes and nobody is told, until the answer is called: then what waited goes on its way, as TCP sends it again. */
  silence(): () => void {
    return this.#silence.begin()
  }

  /** Connections break, and none can be made, until the answer is called. */
  cut(): () => void {
    const mend = this.#cut.begin()
    for (const connection of [...this.#connections]) {
      this.hit.cut++
      connection.sever()
    }
    return mend
  }

  get silent(): boolean {
    return this.#silence.on
  }

  /** Nothing is added, held back or cut. */
  get clean(): boolean {
    return !this.#delays.size && !this.#silence.on && !this.#cut.on && !this.#held.length
  }

  /** While it is silent: `leave` is called when it no longer is. */
  hold(leave: () => void): void {
    this.hit.held++
    this.#held.push(leave)
  }

  /** False where the way is cut. The answer is undone by `disconnect`. */
  connect(connection: Severable): boolean {
    if (this.#cut.on) {
      this.hit.cut++
      return false
    }
    this.#connections.add(connection)
    return true
  }

  disconnect(connection: Severable): void {
    this.#connections.delete(connection)
  }

  /**
   * How long a message that leaves now is under way. Keyed by the instant, and by how many left before it at the same instant:
   * what happens at other times has no influence.
   */
  delay(): Millis {
    const { seed, now, minMs, maxMs } = this.#options
    const instant = Math.round(now() * 1000)
    this.#nth = instant === this.#instant ? this.#nth + 1 : 0
    this.#instant = instant
    if (this.#extraMs > 0) this.hit.delayed++
    return minMs + (maxMs - minMs) * drawFor(seed, instant, this.#nth) + this.#extraMs
  }

  #addUp() {
    this.#extraMs = [...this.#delays].reduce((sum, { ms }) => sum + ms, 0)
  }

  #release() {
    for (const leave of this.#held.splice(0)) leave()
  }
}
