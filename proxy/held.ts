/** What of an answer may not go to the client yet. */

/** At most: of an answer that cannot be trusted yet, and of an event that is not whole. */
export const mostHeldBytes = 1024 * 1024

export class Held {
  #pieces: Uint8Array[] = []
  #bytes = 0
  /** An event was too large to be held: its beginning has gone out, its end has not come. */
  torn = false

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Answers whether there is still room. */
  keep(chunk: Uint8Array): boolean {
    this.#pieces.push(chunk)
    this.#bytes += chunk.length
    return this.#bytes <= mostHeldBytes
  }

  /** What may go out, now that this chunk has come, whose last event still lacks an end: `open` bytes of it are here. */
  pass(chunk: Uint8Array, open: number): readonly Uint8Array[] {
    const whole = chunk.length - open
    if (whole <= 0) {
      if (this.torn) return [chunk]
      if (this.keep(chunk)) return []
      this.torn = true
      return this.takeAll()
    }
    this.torn = false
    if (open === 0 && this.#pieces.length === 0) return [chunk]
    const out = this.takeAll()
    out.push(chunk.subarray(0, whole))
    if (open > 0) this.keep(chunk.subarray(whole))
    return out
  }

  takeAll(): Uint8Array[] {
    const all = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    return all
  }
}
