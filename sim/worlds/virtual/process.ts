/** A process on a machine: what is to happen in it waits while it is stopped, and comes to nothing when it is gone. */
import type { Clock, Millis } from '../../../proxy/ports.ts'
import { ShortLived } from '../../../proxy/short-lived.ts'
import type { WorldClock } from '../../clock.ts'
import { Overlap } from '../../overlap.ts'

/** What a process has open: a connection, a request that it answers. */
export interface Closing {
  close(): void
}

export class Process implements Clock {
  /** What has waited so far because it was stopped. */
  waited = 0
  readonly #clock: WorldClock
  #alive = true
  readonly #frozen = new Overlap(() => this.#thaw())
  /** In the order in which it would have happened. */
  #waiting: (() => void)[] = []
  #open = new ShortLived<Closing, true>()

  constructor(clock: WorldClock) {
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
    let cancelled = false
    const due = () => {
      if (!this.#alive || cancelled) return
      if (!this.#frozen.on) return wake()
      this.waited++
      this.#waiting.push(due)
    }
    const timer = this.#clock.timer(duration, due)
    return () => {
      cancelled = true
      timer.cancel()
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

  /** What is under way from outside: as `after`, and nobody calls it back. */
  arrivesAfter(duration: Millis, arrive: () => void): void {
    this.#clock.timer(duration, () => this.#arrives(arrive))
  }

  /** What comes from outside: at once, or when it goes on. */
  deliver(arrive: () => void): void {
    if (!this.#alive) return
    if (this.#frozen.on) this.after(0, arrive)
    else arrive()
  }

  /** Something that the system closes when the process is gone. */
  opened(one: Closing): void {
    this.#open.set(one, true)
  }

  /** It is closed already. */
  closed(one: Closing): void {
    this.#open.delete(one)
  }

  /** SIGSTOP. Answers SIGCONT. */
  freeze(): () => void {
    return this.#alive ? this.#frozen.begin() : () => {}
  }

  /** SIGKILL, or its own end. */
  end(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#waiting = []
    this.#frozen.forget()
    for (const one of [...this.#open.keys()]) one.close()
    this.#open = new ShortLived()
  }

  #arrives(arrive: () => void) {
    if (!this.#alive) return
    if (!this.#frozen.on) return arrive()
    this.waited++
    this.#waiting.push(() => this.#arrives(arrive))
  }

  #thaw() {
    for (const due of this.#waiting.splice(0)) this.#clock.after(0, due)
  }
}
