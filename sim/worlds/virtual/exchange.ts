/** One upstream call in virtual time: the request's way to a provider, its answer chunk by chunk, and either side's leaving. */
import { TransportError } from '../../../proxy/failure.ts'
import type { Millis } from '../../../proxy/ports.ts'
import type { ProviderReply } from '../../../proxy/provider.ts'
import type { StopSignal } from '../../../proxy/stop.ts'
import type { Timer, WorldClock } from '../../clock.ts'
import { type Answer, isGood } from '../../providers/model.ts'
import type { Link } from '../../redis/link.ts'
import { encoded } from './encoded.ts'
import type { Closing, Process } from './process.ts'

/** What the provider's side of a call does, as it happens there. */
export interface Host {
  /** The request has arrived: answers what will be said. Where it is refused there was no attempt, and `ended` is not called. */
  began(): Answer
  /** Called exactly once after `began`. `since`: from when on it may have been over. */
  ended(outcome: 'served' | 'failed' | 'peer-closed', since: Millis): void
}

interface Waiting {
  resolve(result: IteratorResult<Uint8Array>): void
  reject(error: unknown): void
}

/** The caller has at most one `next` under way, as `for await` does. */
export class Exchange implements AsyncIterableIterator<Uint8Array>, Closing {
  readonly reply: Promise<ProviderReply>
  readonly #clock: WorldClock
  /** The caller's. */
  readonly #process: Process
  readonly #link: Link
  readonly #host: Host
  #answer: Answer | undefined
  #said = 0
  /** The provider's side is over. */
  #over = false
  /** The proxy's side is over: nothing that comes matters. */
  #left = false
  #lastThere: Millis = 0
  #lastBack: Millis = 0
  #spokeAt: Millis = 0
  /** Until it says more. */
  #silence: Timer | undefined
  readonly #arrived: Uint8Array[] = []
  #ending: 'clean' | { error: unknown } | undefined
  #waiting: Waiting | undefined
  #resolveReply!: (reply: ProviderReply) => void
  #rejectReply!: (error: unknown) => void

  constructor(clock: WorldClock, process: Process, link: Link, host: Host, signal: StopSignal) {
    this.#clock = clock
    this.#process = process
    this.#link = link
    this.#host = host
    this.reply = new Promise((resolve, reject) => {
      this.#resolveReply = resolve
      this.#rejectReply = reject
    })
    process.opened(this)
    signal.addEventListener('abort', () => this.#abort(signal.reason), { once: true })
    this.#there(() => this.#begin())
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#arrived.shift()
    if (chunk) return Promise.resolve({ done: false, value: chunk })
    if (this.#ending) return this.#ending === 'clean' ? finished : Promise.reject(this.#ending.error)
    if (this.#left) return finished
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Leaving the loop early closes the connection. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#leave()
    return finished
  }

  /** The caller's process is gone. */
  close(): void {
    this.#leave()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #begin() {
    this.#spokeAt = this.#clock.now()
    this.#answer = this.#host.began()
    if (this.#answer.end === 'refused') this.#refuse()
    else this.#speakNext()
  }

  #speakNext() {
    const { chunks, end, endAfterMs = 0 } = this.#answer!
    const chunk = chunks[this.#said]
    if (!chunk) {
      if (end !== 'silent') this.#silence = this.#clock.silently(endAfterMs, () => this.#finish(undefined))
      return
    }
    this.#silence = this.#clock.silently(chunk.afterMs, this.#speak)
  }

  readonly #speak = () => {
    const { chunks, end, endAfterMs = 0 } = this.#answer!
    const bytes = encoded(chunks[this.#said++]!.data)
    this.#spokeAt = this.#clock.now()
    if (this.#said === chunks.length && end !== 'silent' && endAfterMs === 0) this.#finish(bytes)
    else {
      this.#back(() => this.#arrive(bytes))
      this.#speakNext()
    }
  }

  /** Nobody listens: it took the way there and back to learn that. */
  #refuse() {
    this.#over = true
    this.#back(() => this.#end({ error: new TransportError('connect', 'connection refused') }))
  }

  /** The last chunk and the end leave together, as they do from a real server. */
  #finish(bytes: Uint8Array | undefined) {
    const { end } = this.#answer!
    this.#over = true
    this.#host.ended(isGood(this.#answer!) ? 'served' : 'failed', this.#clock.now())
    this.#back(() => {
      if (bytes) this.#arrive(bytes)
      this.#end(end === 'clean' ? 'clean' : { error: new TransportError('reset', 'other side closed') })
    })
  }

  #arrive(bytes: Uint8Array) {
    if (this.#left) return
    this.#begun()
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting.resolve({ done: false, value: bytes })
    else this.#arrived.push(bytes)
  }

  #end(ending: 'clean' | { error: unknown }) {
    if (this.#left) return
    this.#process.closed(this)
    this.#ending = ending
    const waiting = this.#waiting
    this.#waiting = undefined
    if (ending === 'clean') {
      this.#begun()
      waiting?.resolve({ done: true, value: undefined })
      return
    }
    // Before the first byte the caller still waits for the reply. Rejecting what is settled does nothing.
    this.#rejectReply(ending.error)
    waiting?.reject(ending.error)
  }

  /** The head travels with the first chunk. Resolving twice does nothing. */
  #begun() {
    const { status, headers } = this.#answer!
    this.#resolveReply({ status, headers, chunks: this })
  }

  #abort(reason: unknown) {
    if (this.#left || this.#ending) return
    this.#end({ error: reason })
    this.#arrived.length = 0
    this.#leave()
  }

  #leave() {
    if (this.#left) return
    this.#left = true
    this.#process.closed(this)
    if (this.#over) return
    this.#there(() => {
      if (this.#over) return
      this.#over = true
      this.#silence?.cancel()
      this.#host.ended('peer-closed', this.#spokeAt)
    })
  }

  #there(arrive: () => void) {
    const now = this.#clock.now()
    this.#lastThere = Math.max(this.#lastThere, now + this.#link.delay())
    this.#clock.silently(this.#lastThere - now, arrive)
  }

  #back(arrive: () => void) {
    const now = this.#clock.now()
    this.#lastBack = Math.max(this.#lastBack, now + this.#link.delay())
    this.#process.arrivesAfter(this.#lastBack - now, arrive)
  }
}

const finished: Promise<IteratorResult<Uint8Array>> = Promise.resolve({ done: true, value: undefined })
