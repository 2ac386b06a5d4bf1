/** How many retries and hedges a provider is worth: a share of its first tries, so that an outage cannot multiply its load. */

/** A token bucket, full at first. Retries and hedges ≤ `burst` + `ratio` · first tries, whatever happens. */
export class RetryBudget {
  readonly #ratio: number
  readonly #burst: number
  #tokens: number

  constructor({ ratio, burst }: { ratio: number; burst: number }) {
    this.#ratio = ratio
    this.#burst = burst
    this.#tokens = burst
  }

  /** A first try was made. */
  earn(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#ratio)
  }

  /** Takes one, if there is one. */
  spend(): boolean {
    // Fifths do not add up to exactly one.
    if (this.#tokens < 1 - 1e-9) return false
    this.#tokens -= 1
    return true
  }

  /** What was spent was not used after all. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1)
  }
}
