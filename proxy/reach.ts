/** Whether the store answers for each provider: once it is known not to, nobody waits a time-out to learn it again. */

/** Failures in a row before it counts as away: one may be a connection that was cut, two a fail-over of a moment. */
const mostFailures = 3

export class Reach {
  /** By provider: calls that failed since the last that was answered. */
  readonly #failures = new Map<string, number>()

  /** Until something is answered again. The heartbeats go on asking. */
  isAway(provider: string): boolean {
    return (this.#failures.get(provider) ?? 0) >= mostFailures
  }

  answered(provider: string): void {
    this.#failures.delete(provider)
  }

  failed(provider: string): void {
    this.#failures.set(provider, (this.#failures.get(provider) ?? 0) + 1)
  }
}
