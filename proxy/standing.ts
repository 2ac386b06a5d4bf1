/** How a provider stands with this instance: may it be asked now, and if not, when? */
import { Breaker, type Permit } from './breaker.ts'
import { consequencesOf, type Failure } from './failure.ts'
import type { Millis, ProxyEvents } from './ports.ts'
import type { Provider } from './provider.ts'
import { retryAfterOf } from './retry-after.ts'
import { RetryBudget } from './retry-budget.ts'

/** A 429 that does not say for how long. */
const usualPauseMs = 1_000

export class Standing {
  readonly provider: Provider
  readonly breaker: Breaker
  readonly budget: RetryBudget
  /** Attempts whose upstream call is open. */
  inFlight = 0
  #pausedUntil: Millis = Number.NEGATIVE_INFINITY

  constructor(provider: Provider, emit: ProxyEvents) {
    this.provider = provider
    this.breaker = new Breaker(provider.breaker, state => emit({ kind: 'breaker', provider: provider.id, state }))
    this.budget = new RetryBudget(provider.retryBudget)
  }

  /** Undefined while it has told us to wait, or its breaker lets nobody through. */
  enter(now: Millis): Permit | undefined {
    return now < this.#pausedUntil ? undefined : this.breaker.enter(now)
  }

  /** How long nobody will be sent there. */
  waitMs(now: Millis): Millis {
    return Math.max(this.#pausedUntil - now, this.breaker.waitMs(now))
  }

  /** An attempt has ended: well, where there is no failure. Its reply's headers may say when to come back. */
  ended(permit: Permit, now: Millis, failure?: Failure, headers?: Readonly<Record<string, string>>): void {
    if (failure === undefined) {
      this.breaker.succeeded(permit)
      return
    }
    const speaksAgainstIt = consequencesOf(failure).breaker
    if (failure === 'rate-limited' || speaksAgainstIt) {
      const wait = (headers && retryAfterOf(headers)) ?? (failure === 'rate-limited' ? usualPauseMs : 0)
      this.#pausedUntil = Math.max(this.#pausedUntil, now + wait)
    }
    if (speaksAgainstIt) this.breaker.failed(permit, now)
    else this.breaker.left(permit)
  }
}
