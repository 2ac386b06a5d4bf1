/**
 * Whether a proxy can have heard what a provider said: not where its client left, or another provider spoke, at about the same
 * moment. Changes come out a moment late, when that is known.
 */
import type { Millis } from '../../proxy/ports.ts'
import type { Event } from '../history.ts'
import type { Change } from './ledger.ts'

export type Called = Extract<Change, { kind: 'began' | 'ended' }>
export type Heard = Called & { heard: boolean }

/** Two events that are closer may have happened in either order, as the proxy saw them. */
const moment: Millis = 20

export class Hearing {
  readonly #waiting: Called[] = []
  /** By request: when nobody listened to further providers any more. */
  readonly #settled = new Map<string, Millis>()

  /** To be called with every event, and what it did. Each change comes out once, in order. */
  pass(event: Event, change: Change | undefined): Heard[] {
    const isAnswered = event.kind === 'client-first-byte' && event.status < 400
    if (isAnswered || (event.kind === 'client-ended' && event.outcome === 'aborted'))
      this.#settled.set(event.request, Math.min(event.at, this.#settled.get(event.request) ?? event.at))
    if (change?.kind === 'began' || change?.kind === 'ended') this.#waiting.push(change)
    return this.#until(event.at - moment)
  }

  rest(): Heard[] {
    return this.#until(Number.POSITIVE_INFINITY)
  }

  #until(at: Millis): Heard[] {
    const past: Heard[] = []
    while (this.#waiting.length && this.#waiting[0]!.event.at < at) {
      const change = this.#waiting.shift()!
      past.push({ ...change, heard: this.#isHeard(change) })
    }
    for (const [request, since] of this.#settled) {
      if (since >= at - forgetAfterMs) break
      this.#settled.delete(request)
    }
    return past
  }

  #isHeard({ event }: Called): boolean {
    const settledAt = this.#settled.get(event.request)
    return settledAt === undefined || Math.abs(event.at - settledAt) > moment
  }
}

/** So long after its client has its answer, or left, nothing more is expected to be heard of a request. */
const forgetAfterMs: Millis = 30_000
