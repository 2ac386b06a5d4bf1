/** The way between two machines: how long each message takes, and whether anything passes at all. */
import type { Millis } from '../../proxy/ports.ts'
import { drawFor } from '../random.ts'

export interface LinkOptions {
  /** The number all its draws come from. */
  seed: number
  now(): Millis
  /** Messages take between these, evenly spread. */
  minMs: Millis
  maxMs: Millis
}

export class Link {
  /** Added to every message while a fault says so. */
  extraMs: Millis = 0
  /** Nothing arrives, and nobody is told. */
  silent = false
  readonly #options: LinkOptions
  #instant = -1
  #nth = 0

  constructor(options: LinkOptions) {
    this.#options = options
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
    return minMs + (maxMs - minMs) * drawFor(seed, instant, this.#nth) + this.extraMs
  }
}
