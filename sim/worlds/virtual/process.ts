/** A process on a machine: what is to happen in it waits while it is stopped, and comes to nothing when it is gone. */
import type { Clock, Millis } from '../../../proxy/ports.ts'
import { Overlap } from '../../overlap.ts'

export class Process implements Clock {
  /** What has waited so far because it was stopped. */
  waited = 0
  readonly #clock: Clock
  #alive = true
  readonly #frozen = new Overlap(() => this.#thaw())
  /** In the order in which it would have happened. */
  readonly #waiting = new Set<() => void>()
  readonly #open = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get alive(): boolean {
    return this.#alive
  }

  get frozen(): boolean {
    return this.#frozen.on
  }

  /** Goes on while it is stopped, as CLOCK_MONOTONIC does. */
  now(): Millis {
    return this.#clock.now()
  }

  after(duration: Millis, wake: () => void): () => void {
    const resume = () => {
      cancel = this.#clock.after(0, due)
    }
    const due = () => {
      if (!this.#alive) return
      if (!this.#frozen.on) return wake()
      this.waited++
      this.#waiting.add(resume)
    }
    let cancel = this.#clock.after(duration, due)
    return () => {
      cancel()
      this.#waiting.delete(resume)
    }
  }

  sleep(duration: Millis, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const leave = () => {
        cancel()
        reject(signal!.reason)
      }
      const cancel = this.after(duration, () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      })
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  /** What comes from outside: at once, or when it goes on. */
  deliver(arrive: () => void): void {
    if (!this.#alive) return
    if (this.#frozen.on) this.after(0, arrive)
    else arrive()
  }

  /** Something that the system closes when the process is gone; the answer says that it is closed already. */
  opens(close: () => void): () => void {
    this.#open.add(close)
    return () => this.#open.delete(close)
  }

  /** SIGSTOP. Answers SIGCONT. */
  freeze(): () => void {
    return this.#alive ? this.#frozen.begin() : () => {}
  }

  /** SIGKILL, or its own end. */
  end(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#waiting.clear()
    this.#frozen.forget()
    for (const close of [...this.#open]) close()
    this.#open.clear()
  }

  #thaw() {
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }
}
