/** What this instance is busy with, so that an operator, a lost lease or a shutdown can end it. */

/** A request while it runs here. */
export interface Running {
  /** The session as the store names it: see `memberOf`. */
  member: string
  /** Ends what runs of it, and lets nothing further start. */
  stop(because: 'terminated' | 'closing'): void
}

export class InFlight {
  readonly #requests = new Set<Running>()
  readonly #attempts = new Map<string, () => void>()

  get size(): number {
    return this.#requests.size
  }

  add(request: Running): void {
    this.#requests.add(request)
  }

  delete(request: Running): void {
    this.#requests.delete(request)
  }

  /** What to call when the lease of this token is lost. */
  watch(token: string, lost: () => void): void {
    this.#attempts.set(token, lost)
  }

  forget(token: string): void {
    this.#attempts.delete(token)
  }

  /** An operator has ended this session, here or elsewhere: answers how many requests of it ran here. */
  onTerminated(member: string): number {
    const ended = [...this.#requests].filter(request => request.member === member)
    for (const request of ended) request.stop('terminated')
    return ended.length
  }

  /** The lease of this attempt can no longer be vouched for. */
  onUnleased(token: string): void {
    this.#attempts.get(token)?.()
  }

  stopAll(): void {
    for (const request of [...this.#requests]) request.stop('closing')
  }
}
