/** The time-outs of one attempt: first byte, idle, total. One timer at a time, whatever the number of chunks. */
import type { Failure } from './failure.ts'
import type { Clock, Millis } from './ports.ts'
import type { Provider } from './provider.ts'

/** Sums of instants drift: a clock that rounds them would wake us again and again for what is left. */
const grainMs: Millis = 0.01

/** Calls `giveUp` once with the time-out that was hit, unless `end` comes first. */
export class Patience {
  readonly #idleMs: Millis
  readonly #clock: Clock
  readonly #giveUp: (failure: Failure) => void
  readonly #totalAt: Millis
  #dueAt: Millis
  #failure: Failure = 'first-byte-timeout'
  /** When the timer will look. */
  #looksAt: Millis
  #cancel: () => void

  constructor(provider: Provider, clock: Clock, giveUp: (failure: Failure) => void) {
    const now = clock.now()
    this.#idleMs = provider.idleMs
    this.#clock = clock
    this.#giveUp = giveUp
    this.#totalAt = now + provider.totalMs
    this.#dueAt = now + provider.firstByteMs
    this.#looksAt = Math.min(this.#dueAt, this.#totalAt)
    this.#cancel = clock.after(this.#looksAt - now, this.#look)
  }

  /** Something arrived: from now on it is the idle time-out that runs. */
  progress(): void {
    this.#dueAt = this.#clock.now() + this.#idleMs
    this.#failure = 'idle-timeout'
    // The timer is not moved at each chunk: it looks too early, and is set again for what is left.
    if (this.#dueAt < this.#looksAt) this.#lookAt(this.#dueAt)
  }

  /** The client is to take something first, until `progress`: its slowness is not the provider's. */
  hold(): void {
    this.#dueAt = Number.POSITIVE_INFINITY
  }

  get held(): boolean {
    return this.#dueAt === Number.POSITIVE_INFINITY
  }

  end(): void {
    this.#cancel()
  }

  #lookAt(at: Millis) {
    this.#cancel()
    this.#looksAt = Math.min(at, this.#totalAt)
    this.#cancel = this.#clock.after(this.#looksAt - this.#clock.now(), this.#look)
  }

  readonly #look = () => {
    const now = this.#clock.now()
    if (Math.min(this.#totalAt, this.#dueAt) - now > grainMs) return this.#lookAt(this.#dueAt)
    this.#giveUp(this.held ? 'slow-client' : this.#totalAt <= this.#dueAt ? 'total-timeout' : this.#failure)
  }
}
