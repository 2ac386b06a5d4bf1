/**
 * Until a provider that failed has served one of those that an instance sent there since, its breaker may let a few ask and tell all others
 * to come back. That lasts as long as an answer does, from when somebody asks: where few come, long after the breaker's own time.
 */
import type { Millis } from '../../proxy/ports.ts'
import { hasBreaker, verdictOf } from './breakers.ts'
import type { Called } from './hearing.ts'

interface Doubt {
  failedAt: Millis
  /** Those who asked since. */
  asked: Map<string, { from: Millis; to: Millis }>
  /** When the first of them was served; Infinity until then. */
  provenAt: Millis
}

export class Probation {
  /** By instance and provider. */
  readonly #doubts = new Map<string, Map<string, Doubt>>()
  readonly #transitMs: Millis

  constructor(transitMs: Millis) {
    this.#transitMs = transitMs
  }

  see(change: Called): void {
    const { instance, seat, event } = change
    if (instance === undefined || !hasBreaker(seat.provider)) return
    const doubt = this.#doubts.get(instance)?.get(seat.provider.id)
    if (change.kind === 'began') {
      if (doubt?.provenAt === Number.POSITIVE_INFINITY)
        doubt.asked.set(event.attempt, { from: event.at, to: Number.POSITIVE_INFINITY })
      return
    }
    const verdict = verdictOf(change)
    if (verdict === 'failed') this.#doubtAgain(instance, seat.provider.id, event.at)
    const asked = doubt?.asked.get(event.attempt)
    if (!doubt || !asked) return
    asked.to = event.at
    // What got its leave before the failure says nothing about the time after it.
    if (verdict === 'well' && asked.from > doubt.failedAt + this.#transitMs)
      doubt.provenAt = Math.min(doubt.provenAt, event.at)
  }

  /** Whether this instance was waiting to hear if some provider is well again, for the first time since that failed, at some moment of the stretch. */
  isUnderWay(instance: string | undefined, from: Millis, to: Millis): boolean {
    for (const { asked, provenAt } of this.#doubts.get(instance ?? '')?.values() ?? [])
      if (provenAt >= from) for (const one of asked.values()) if (one.from <= to && one.to >= from) return true
    return false
  }

  #doubtAgain(instance: string, provider: string, failedAt: Millis) {
    let doubts = this.#doubts.get(instance)
    if (!doubts) this.#doubts.set(instance, (doubts = new Map()))
    doubts.set(provider, { failedAt, asked: new Map(), provenAt: Number.POSITIVE_INFINITY })
  }
}
