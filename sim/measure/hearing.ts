/**
 * Whether a proxy must have heard what a provider said: not where its client left, or another attempt won, at about the same moment.
 * An answer that came soon after, from an attempt that only began then, proves the opposite. Changes come out a moment late, when
 * that is known.
 */
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import type { Change } from './ledger.ts'

export type Called = Extract<Change, { kind: 'began' | 'ended' }>

/** When nobody listened to further providers any more, and whether because the client had left. */
interface Settled {
  at: Millis
  left: boolean
}

/** Two events that are closer may have happened in either order, as the proxy saw them. */
const moment: Millis = 20

export class Hearing {
  readonly #waiting: { change: Called; raced: boolean }[] = []
  /** By request. */
  readonly #settled = new ShortLived<string, Settled>()
  /** By request: how many attempts are in flight, and when the last one ended. */
  readonly #attempts = new ShortLived<string, { open: number; endedAt: Millis }>()
  #forgetsAt: Millis = 0

  readonly #told: (change: Called, heard: boolean) => void

  /** `told` each change once, in order. */
  constructor(told: (change: Called, heard: boolean) => void) {
    this.#told = told
  }

  /** To be called with every event, and what it did. */
  pass(event: Event, change: Change | undefined): void {
    const left = event.kind === 'client-ended' && event.outcome === 'aborted'
    if (left || (event.kind === 'client-first-byte' && event.status < 400)) {
      const before = this.#settled.get(event.request)
      this.#settled.set(event.request, { at: before?.at ?? event.at, left: left || before?.left === true })
    }
    if (change?.kind === 'began' || change?.kind === 'ended')
      this.#waiting.push({ change, raced: this.#isRaced(change) })
    this.#until(event.at - moment)
  }

  /** To be called after the last event. */
  rest(): void {
    this.#until(Number.POSITIVE_INFINITY)
  }

  #until(at: Millis) {
    while (this.#waiting.length && this.#waiting[0]!.change.event.at < at) {
      const { change, raced } = this.#waiting.shift()!
      this.#told(change, this.#isHeard(change, raced))
    }
    if (at < this.#forgetsAt) return
    for (const [request, since] of this.#settled) {
      if (since.at >= at - forgetAfterMs) break
      this.#settled.delete(request)
      this.#attempts.delete(request)
    }
    this.#forgetsAt = at + forgetEveryMs
  }

  #isHeard({ event }: Called, raced: boolean): boolean {
    const settled = this.#settled.get(event.request)
    if (settled === undefined || Math.abs(event.at - settled.at) > moment) return true
    return !settled.left && !raced && settled.at > event.at
  }

  /** Whether another attempt of the request is in flight, or was until a moment ago. */
  #isRaced({ kind, event }: Called): boolean {
    const { open, endedAt } = this.#attempts.get(event.request) ?? { open: 0, endedAt: Number.NEGATIVE_INFINITY }
    const others = kind === 'ended' ? open - 1 : open
    this.#attempts.set(
      event.request,
      kind === 'ended' ? { open: others, endedAt: event.at } : { open: open + 1, endedAt },
    )
    return others > 0 || event.at - endedAt <= moment
  }
}

/** So long after its client has its answer, or left, nothing more is expected to be heard of a request. */
const forgetAfterMs: Millis = 30_000
const forgetEveryMs: Millis = 1_000
