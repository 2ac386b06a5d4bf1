/** The way between one proxy and one node: how long a message takes on it, and whether anything passes at all. */
import type { Millis } from '../../../../proxy/ports.ts'
import { Overlap } from '../../../overlap.ts'

export interface Hit {
  delayed: number
  held: number
  cut: number
}

/** A connection that takes this way. */
export interface Traveller {
  sever(): void
  pump(): void
}

export class Way {
  /** So far: messages that took longer, messages that had to wait, connections that broke or were refused. */
  readonly hit: Hit = { delayed: 0, held: 0, cut: 0 }
  readonly #delays = new Set<{ ms: Millis }>()
  readonly #silence = new Overlap(() => this.#pumpAll())
  readonly #cut = new Overlap()
  readonly #travellers = new Set<Traveller>()

  get delayMs(): Millis {
    return [...this.#delays].reduce((sum, { ms }) => sum + ms, 0)
  }

  get silent(): boolean {
    return this.#silence.on
  }

  /** Every message takes so much longer, until the answer is called. */
  delay(ms: Millis): () => void {
    const one = { ms }
    this.#delays.add(one)
    return () => void this.#delays.delete(one)
  }

  /** Nothing passes and nobody is told, until the answer is called: then what waited goes on its way. */
  silence(): () => void {
    return this.#silence.begin()
  }

  /** Connections break, and none can be made, until the answer is called. */
  cut(): () => void {
    const mend = this.#cut.begin()
    for (const traveller of [...this.#travellers]) {
      this.hit.cut++
      traveller.sever()
    }
    return mend
  }

  /** False where the way is cut. The answer is undone by `leave`. */
  enter(traveller: Traveller): boolean {
    if (this.#cut.on) {
      this.hit.cut++
      return false
    }
    this.#travellers.add(traveller)
    return true
  }

  leave(traveller: Traveller): void {
    this.#travellers.delete(traveller)
  }

  #pumpAll() {
    for (const traveller of this.#travellers) traveller.pump()
  }
}
