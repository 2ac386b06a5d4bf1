/** Stops one call, or tells that a client has left: an AbortController and its signal, without an event target for each. */

/** What the core asks of a signal: an AbortSignal is one, and so is a `Stop`. */
export interface StopSignal {
  readonly aborted: boolean
  readonly reason: unknown
  /** A listener is called once, when it fires. */
  addEventListener(type: 'abort', listener: () => void, options?: { once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export class Stop implements StopSignal {
  aborted = false
  reason: unknown
  #listeners: (() => void)[] = []

  /** The first reason stands. */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener)
    if (at >= 0) this.#listeners.splice(at, 1)
  }
}
