/** Virtual time: it moves only when everyone waits for it. */
import type { Clock, Millis } from '../proxy/ports.ts'

interface Sleeper {
  at: Millis
  wake(): void
}

export class VirtualClock implements Clock {
  #now: Millis = 0
  /** By time, and at equal times in the order they fell asleep. */
  #sleepers: Sleeper[] = []

  now(): Millis {
    return this.#now
  }

  sleep(duration: Millis, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const sleeper: Sleeper = { at: this.#now + Math.max(0, duration), wake: resolve }
      const place = this.#sleepers.findIndex(({ at }) => at > sleeper.at)
      this.#sleepers.splice(place < 0 ? this.#sleepers.length : place, 0, sleeper)
      const leave = () => {
        this.#sleepers = this.#sleepers.filter(other => other !== sleeper)
        reject(signal!.reason)
      }
      signal?.addEventListener('abort', leave, { once: true })
      sleeper.wake = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
    })
  }

  /** Runs until nobody sleeps, or until virtual time has reached `until`. */
  async run(until: Millis = Number.POSITIVE_INFINITY): Promise<void> {
    await quiet()
    while (this.#sleepers.length && this.#sleepers[0]!.at <= until) {
      const next = this.#sleepers.shift()!
      this.#now = next.at
      next.wake()
      await quiet()
    }
    if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until)
  }
}

/** A tick queued from inside a microtask runs when the microtask queue has run dry: nothing is left that could still act now. */
const quiet = () => new Promise<void>(resolve => queueMicrotask(() => process.nextTick(resolve)))
