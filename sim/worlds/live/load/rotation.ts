/** Which instances get new requests, as a load balancer decides it, and how many requests each has open. */
export class Rotation {
  readonly #out = new Set<number>()
  readonly #open = new Map<number, number>()

  /** Answers how many requests are open there. */
  takeOut(instance: number): number {
    this.#out.add(instance)
    return this.open(instance)
  }

  putBack(instance: number): void {
    this.#out.delete(instance)
  }

  open(instance: number): number {
    return this.#open.get(instance) ?? 0
  }

  /** The instance that a request for `via` goes to: that one, or the next in rotation; that one too, where none is. */
  route(via: number, instances: number): number {
    for (let n = 0; n < instances; n++) {
      const instance = (via + n) % instances
      if (!this.#out.has(instance)) return instance
    }
    return via % instances
  }

  /** Counts a request as open there until it has ended. */
  async during<T>(instance: number, request: Promise<T>): Promise<T> {
    this.#open.set(instance, this.open(instance) + 1)
    try {
      return await request
    } finally {
      this.#open.set(instance, this.open(instance) - 1)
    }
  }
}
