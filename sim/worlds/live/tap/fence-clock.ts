/**
 * Places offsets in time. A fence asks a node for its time and its offset in one transaction; what lies between two fences
 * in the stream lies between them in time.
 *
 * A fence was asked at `sent` and answered at `received` on this host's clock, and the server says `server`: their
 * difference lies in [sent - server, received - server]. The true difference lies in the intersection over many fences,
 * which is as narrow as the quickest round trip (Marzullo's algorithm with no faulty source).
 */
export interface Fence {
  offset: number
  sentMs: number
  receivedMs: number
  serverMs: number
}

export interface Band {
  since: number
  at: number
}

/** So many fences share one difference: about a second, in which clocks hardly drift. */
const windowSize = 256
/** So many are kept to place what arrives late. */
const keepMost = 4_000

export class FenceClock {
  #fences: (Fence & Band)[] = []
  #differences: { low: number; high: number }[] = []

  add(fence: Fence): void {
    const own = { low: fence.sentMs - fence.serverMs, high: fence.receivedMs - fence.serverMs }
    this.#differences.push(own)
    if (this.#differences.length > windowSize) this.#differences.shift()
    let low = Math.max(...this.#differences.map(difference => difference.low))
    let high = Math.min(...this.#differences.map(difference => difference.high))
    // The server's clock was set: only what came after can be compared.
    if (low > high) {
      this.#differences = [own]
      ;({ low, high } = own)
    }
    const since = Math.max(fence.sentMs, fence.serverMs + low)
    const at = Math.min(fence.receivedMs, fence.serverMs + high)
    this.#fences.push({ ...fence, since, at })
    if (this.#fences.length > 2 * keepMost) this.#fences = this.#fences.slice(-keepMost)
  }

  /** When the write at this offset was applied; undefined until a fence lies behind it. */
  place(offset: number): Band | undefined {
    const fences = this.#fences
    if (!fences.length || fences.at(-1)!.offset < offset) return undefined
    let low = 0
    let high = fences.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (fences[middle]!.offset >= offset) high = middle
      else low = middle + 1
    }
    const after = fences[low]!
    const before = fences[low - 1] ?? after
    return { since: Math.min(before.since, after.at), at: after.at }
  }

  /** A lower bound for what no fence lies behind yet. */
  get latest(): number {
    return this.#fences.at(-1)?.since ?? Number.NEGATIVE_INFINITY
  }

  /**
   * Another server goes on with the same history: its clock is another, and what it applied up to its first fence came after
   * the last fence of the one before. `offset` is where the history goes on.
   */
  handOver(offset: number): void {
    const last = this.#fences.at(-1)
    this.#fences = last ? [{ ...last, offset: Math.min(last.offset, offset) }] : []
    this.#differences = []
  }
}
