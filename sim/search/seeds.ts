/** Which seeds are still to be played, and which failed first: the same answer whoever plays them, and in which order they come back. */
import { isFailure, type Outcome } from './play-seed.ts'

export interface SeedsOptions {
  from: number
  count: number
  /** Handed out together. */
  batch: number
  /** After a failure no later seed is handed out. */
  failFast: boolean
}

export interface Tally {
  seeds: number
  requests: number
  simulatedMs: number
}

const nothing: Tally = { seeds: 0, requests: 0, simulatedMs: 0 }
const sum = (tally: Tally, { requests, simulatedMs }: Outcome): Tally => ({
  seeds: tally.seeds + 1,
  requests: tally.requests + requests,
  simulatedMs: tally.simulatedMs + simulatedMs,
})

export class Seeds {
  /** Everything that came back, seeds behind a first failure included: for showing progress. */
  played: Tally = nothing
  readonly #options: SeedsOptions
  readonly #outcomes = new Map<number, Outcome>()
  #next: number
  /** All seeds before it are known. */
  #unknownFrom: number
  #firstFailure = Number.POSITIVE_INFINITY

  constructor(options: SeedsOptions) {
    this.#options = options
    this.#next = options.from
    this.#unknownFrom = options.from
  }

  /** The next seeds to be played, in order; none when no other could matter. */
  handOut(): number[] {
    const { from, count, batch, failFast } = this.#options
    if (failFast && this.#firstFailure !== Number.POSITIVE_INFINITY) return []
    const seeds = Array.from({ length: Math.min(batch, from + count - this.#next) }, (_, n) => this.#next + n)
    this.#next += seeds.length
    return seeds
  }

  told(outcome: Outcome): void {
    this.played = sum(this.played, outcome)
    this.#outcomes.set(outcome.seed, outcome)
    if (isFailure(outcome)) this.#firstFailure = Math.min(this.#firstFailure, outcome.seed)
    while (this.#outcomes.has(this.#unknownFrom)) this.#unknownFrom++
  }

  /** Whether every seed that matters is known. Seeds are handed out in order, so those before a failure are on their way. */
  get over(): boolean {
    return this.#unknownFrom > this.#last
  }

  /** By seed; under `failFast` none that lies behind the first failure. To be asked when it is over. */
  get outcomes(): Outcome[] {
    return [...this.#outcomes.values()].filter(({ seed }) => seed <= this.#last).sort((a, b) => a.seed - b.seed)
  }

  get tally(): Tally {
    return this.outcomes.reduce(sum, nothing)
  }

  /** The last seed that matters, as far as is known. */
  get #last(): number {
    const { from, count, failFast } = this.#options
    return Math.min(from + count - 1, failFast ? this.#firstFailure : Number.POSITIVE_INFINITY)
  }
}
