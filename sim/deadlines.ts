/** Those who wait for one and the same duration: they come due in the order in which they began, so only the first needs a place among all others. */
export class Deadlines<T extends { gone: boolean }> {
  #waiting: T[] = []
  #first = 0

  /** Answers whether it is the first. */
  add(one: T): boolean {
    this.#waiting.push(one)
    return this.#waiting.length - this.#first === 1
  }

  /** Lets go of the first, and of all behind it that are gone; answers who is the first then. */
  next(): T | undefined {
    do this.#first++
    while (this.#waiting[this.#first]?.gone)
    // One by one they would be moved again and again.
    if (this.#first > 1_000 || this.#first === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
    return this.#waiting[this.#first]
  }
}
