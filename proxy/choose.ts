/** Which provider to ask next: by priority, and among equals drawn by weight, the session's own one first. */
import type { Permit } from './breaker.ts'
import type { Chance, Millis, Random } from './ports.ts'
import type { Provider } from './provider.ts'
import type { Standing } from './standing.ts'

type Ranked = { provider: Pick<Provider, 'id' | 'priority' | 'weight'> }

/**
 * Weighted sampling without replacement (Efraimidis and Spirakis, 2006): each draws u^(1/weight), the largest comes first.
 * `preferred` comes first among its equals, and never before a better priority: so traffic returns to the preferred
 * providers as soon as they are back.
 */
export function order<T extends Ranked>(all: readonly T[], random: Random, preferred?: string): T[] {
  return all
    .map(one => {
      const draw = random.next() ** (1 / one.provider.weight)
      return { one, draw: one.provider.id === preferred ? Number.POSITIVE_INFINITY : draw }
    })
    .sort((a, b) => a.one.provider.priority - b.one.provider.priority || b.draw - a.draw)
    .map(({ one }) => one)
}

export interface OrderFor<T> {
  (request: string, preferred: string | undefined): readonly T[]
  /** Whether the order is not always the same: two providers have the same priority. */
  hasTies: boolean
}

export function createOrder<T extends Ranked>(all: readonly T[], chance: Chance): OrderFor<T> {
  const sorted = all.toSorted((a, b) => a.provider.priority - b.provider.priority)
  const hasTies = sorted.some((one, n) => n > 0 && one.provider.priority === sorted[n - 1]!.provider.priority)
  const draw = (request: string, preferred: string | undefined) =>
    hasTies ? order(sorted, chance.of('order', request), preferred) : sorted
  return Object.assign(draw, { hasTies })
}

/** A provider that may be asked, and the leave to do so. */
export interface Candidate {
  standing: Standing
  permit: Permit
}

/** One request's way through the providers: each comes up once, and at most so many of them are called. */
export class Candidates {
  /** Somebody was not even asked: its breaker is open, or it has told us to wait. */
  passedOver = false
  readonly #order: readonly Standing[]
  readonly #most: number
  #called = 0
  #next = 0

  constructor(order: readonly Standing[], most: number) {
    this.#order = order
    this.#most = most
  }

  /** The next that may be asked now; its permit is the caller's to end. */
  next(now: Millis): Candidate | undefined {
    while (this.#called < this.#most && this.#next < this.#order.length) {
      const standing = this.#order[this.#next++]!
      const permit = standing.enter(now)
      if (permit !== undefined) return { standing, permit }
      this.passedOver = true
    }
    return undefined
  }

  /** It is really called, and counts. */
  called(): void {
    this.#called++
  }

  /** It was not asked after all: it comes up again. */
  putBack({ standing, permit }: Candidate): void {
    standing.breaker.left(permit)
    this.#next = this.#order.indexOf(standing)
  }
}
