/** A provider that fails again and again is left alone for a while, and then asked by a few. */
import type { BreakerState } from './events.ts'
import type { Millis } from './ports.ts'
import type { Provider } from './provider.ts'

/** Leave to ask once. It names the breaker's state of that moment, so that an answer which comes late changes nothing any more. */
export type Permit = number

/**
 * Closed until `failures` failures came with no success between them, the first at most `windowMs` before the last; then open
 * for `openMs`; then half-open: `probes` attempts at a time, and the first that succeeds closes it, the first that fails opens
 * it again. Each permit is ended exactly once: by `succeeded`, `failed`, or, where nothing is known, `left`.
 */
export class Breaker {
  readonly #settings: Provider['breaker']
  readonly #changed: (state: BreakerState) => void
  #state: BreakerState = 'closed'
  #permit: Permit = 1
  /** When the failures since the last success came; the oldest first. */
  #failedAt: Millis[] = []
  #openUntil: Millis = 0
  #probing = 0

  constructor(settings: Provider['breaker'], changed: (state: BreakerState) => void) {
    this.#settings = settings
    this.#changed = changed
  }

  /** As it was last moved: an open one whose time is up turns half-open when somebody asks. */
  get state(): BreakerState {
    return this.#state
  }

  /** Undefined: ask elsewhere. */
  enter(now: Millis): Permit | undefined {
    if (this.#state === 'closed') return this.#permit
    if (this.#state === 'open') {
      if (now < this.#openUntil) return undefined
      this.#move('half-open')
    }
    if (this.#probing >= this.#settings.probes) return undefined
    this.#probing++
    return this.#permit
  }

  /** How long until somebody may ask; 0 where that depends on a probe under way. */
  waitMs(now: Millis): Millis {
    return this.#state === 'open' ? Math.max(0, this.#openUntil - now) : 0
  }

  succeeded(permit: Permit): void {
    if (permit !== this.#permit) return
    if (this.#state === 'half-open') this.#move('closed')
    else if (this.#failedAt.length) this.#failedAt = []
  }

  failed(permit: Permit, now: Millis): void {
    if (permit !== this.#permit) return
    const { failures, windowMs } = this.#settings
    if (failures === 0) return
    this.#failedAt.push(now)
    if (this.#failedAt.length > failures) this.#failedAt.shift()
    const isFull = this.#failedAt.length === failures && now - this.#failedAt[0]! <= windowMs
    if (this.#state === 'half-open' || isFull) this.#open(now)
  }

  left(permit: Permit): void {
    if (permit === this.#permit && this.#state === 'half-open') this.#probing--
  }

  #open(now: Millis) {
    this.#openUntil = now + this.#settings.openMs
    this.#move('open')
  }

  #move(state: BreakerState) {
    this.#state = state
    this.#permit++
    this.#probing = 0
    this.#failedAt = []
    this.#changed(state)
  }
}
