/** What lasts from the first who begins it until the last has ended it: so faults may overlap and heal in any order. */
export class Overlap {
  readonly #standing = new Set<object>()
  readonly #over: () => void

  constructor(over: () => void = () => {}) {
    this.#over = over
  }

  get on(): boolean {
    return this.#standing.size > 0
  }

  /** Answers its end; only the first call counts. */
  begin(): () => void {
    const one = {}
    this.#standing.add(one)
    return () => {
      if (this.#standing.delete(one) && !this.on) this.#over()
    }
  }

  /** It was about something that is gone: no end has anything left to do. */
  forget(): void {
    this.#standing.clear()
  }
}
