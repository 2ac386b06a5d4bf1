/** Virtual time: it moves only when everyone waits for it. */
import type { Clock, Millis } from '../proxy/ports.ts'
import type { StopSignal } from '../proxy/stop.ts'
import { Deadlines } from './deadlines.ts'

/** Something that will happen. */
export interface Timer {
  /** Does nothing when it has happened already. */
  cancel(): void
}

/** The clock of a world's own machinery: there are many timers, and a closure for each costs more than the timer. */
export interface WorldClock extends Clock {
  /** As `after`. */
  timer(duration: Millis, wake: () => void): Timer
  /** As `timer`, where `act` settles no promise and calls nobody who might: the next sleeper may wake at once. */
  silently(duration: Millis, act: () => void): Timer
}

/** After so many wakes the machine's own events get their turn: signals, timers of the command. */
const wakesPerBreath = 10_000

/** More wakes than this at one instant is a loop that waits for nothing. */
const mostWakesAtOnce = 1_000_000

/**
 * Time-outs: nearly all are called off long before they come due, and many are of one duration. Only the first of them stands in the
 * heap, and stays there when it is called off, until it would have come due.
 */
const shortestDeadlineMs: Millis = 100

/** Nothing can happen any more, and somebody still waits. */
export class Standstill extends Error {}

/** Instants are whole microseconds, so that histories print short and sums do not drift. */
export class VirtualClock implements WorldClock {
  #now: Millis = 0
  #sequence = 0
  #wakesAtOnce = 0
  /** A binary heap by (at, sequence). */
  readonly #heap: Sleeper[] = []
  /** By duration. */
  readonly #lines = new Map<Millis, Deadlines<Sleeper>>()
  readonly #breathe: ((next: () => void) => void) | undefined
  #wakes = 0

  /** `breathe` is called now and then while time passes, and must call `next` soon: it may let real events in. */
  constructor(breathe?: (next: () => void) => void) {
    this.#breathe = breathe
  }

  now(): Millis {
    return this.#now
  }

  sleep(duration: Millis, signal?: StopSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      if (!signal) return void this.timer(duration, resolve)
      const leave = () => {
        sleeper.cancel()
        reject(signal.reason)
      }
      const sleeper = this.timer(duration, () => {
        signal.removeEventListener('abort', leave)
        resolve()
      })
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  after(duration: Millis, wake: () => void): () => void {
    const sleeper = this.#push(duration, wake, false)
    return () => sleeper.cancel()
  }

  timer(duration: Millis, wake: () => void): Timer {
    return this.#push(duration, wake, false)
  }

  silently(duration: Millis, act: () => void): Timer {
    return this.#push(duration, act, true)
  }

  /** Wakes sleepers one by one until nobody sleeps, or until virtual time has reached `until`. */
  async run(until: Millis = Number.POSITIVE_INFINITY): Promise<void> {
    const over = () => {
      const next = this.#next()
      return !next || next.at > until
    }
    await new Promise<void>((resolve, reject) => this.#loop(over, resolve, reject))
    if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until)
  }

  /**
   * Lets time pass until `work` is settled, and answers as it does. Rejects with a `Standstill` when nobody is left
   * who could settle it, and with the signal's reason when that has fired.
   */
  drive<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      let settled = false
      const settle = () => {
        settled = true
      }
      work.then(settle, settle)
      const ended = () =>
        signal?.aborted
          ? reject(signal.reason)
          : settled
            ? resolve(work)
            : reject(new Standstill(`at ${this.#now} ms nobody sleeps any more, and the work is not done`))
      this.#loop(() => settled || !this.#next() || signal?.aborted === true, ended, reject)
    })
  }

  /**
   * A tick queued from inside a microtask runs when the microtask queue has run dry: nothing is left that could still act now.
   * That holds for promises, generators, abort signals and web streams, which are all
   * that the core uses; chains of ticks, Node's own streams and real I/O would need more.
   */
  #loop(over: () => boolean, ended: () => void, failed: (error: unknown) => void) {
    const whenQuiet = () => nextTick(step)
    // `queueMicrotask` would do the same, and make a resource for async_hooks each time.
    const turn = () => void settled.then(whenQuiet)
    const step = () => {
      let silent: boolean
      do {
        if (over()) return ended()
        try {
          silent = this.#wakeNext()
        } catch (error) {
          return failed(error)
        }
        if (this.#breathe && ++this.#wakes % wakesPerBreath === 0) return this.#breathe(step)
      } while (silent)
      turn()
    }
    turn()
  }

  /** Answers whether it was a silent one. */
  #wakeNext(): boolean {
    const next = this.#next()!
    this.#leave(next)
    this.#wakesAtOnce = next.at === this.#now ? this.#wakesAtOnce + 1 : 0
    if (this.#wakesAtOnce > mostWakesAtOnce)
      throw new Standstill(`virtual time stands still at ${this.#now} ms: ${mostWakesAtOnce} wakes at this instant`)
    this.#now = next.at
    next.wake()
    return next.silent
  }

  #push(duration: Millis, wake: () => void, silent: boolean): Sleeper {
    const at = Math.round((this.#now + Math.max(0, duration)) * 1000) / 1000
    const line = duration >= shortestDeadlineMs && Number.isInteger(duration) ? this.#lineOf(duration) : undefined
    const sleeper = new Sleeper(this.#calledOff, at, this.#sequence++, silent, line, wake)
    if (!line || line.add(sleeper)) this.#enter(sleeper)
    return sleeper
  }

  #lineOf(duration: Millis): Deadlines<Sleeper> {
    let line = this.#lines.get(duration)
    if (!line) this.#lines.set(duration, (line = new Deadlines()))
    return line
  }

  /** Whoever wakes next, once those are let go who have been called off. */
  #next(): Sleeper | undefined {
    let first = this.#heap[0]
    for (; first?.gone; first = this.#heap[0]) this.#leave(first)
    return first
  }

  readonly #calledOff = (sleeper: Sleeper) => {
    if (!sleeper.line) this.#takeOut(sleeper)
  }

  /** Out of the heap, and the next of its line into it. */
  #leave(sleeper: Sleeper) {
    sleeper.gone = true
    this.#takeOut(sleeper)
    const next = sleeper.line?.next()
    if (next) this.#enter(next)
  }

  #enter(sleeper: Sleeper) {
    this.#heap.push(sleeper)
    this.#up(sleeper, this.#heap.length - 1)
  }

  #takeOut({ place }: Sleeper) {
    const heap = this.#heap
    const last = heap.pop()!
    if (place === heap.length) return
    this.#down(last, place)
    if (last.place === place) this.#up(last, place)
  }

  #up(sleeper: Sleeper, from: number) {
    const heap = this.#heap
    let place = from
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]!
      if (!isBefore(sleeper, parent)) break
      heap[place] = parent
      const next = parent.place
      parent.place = place
      place = next
    }
    heap[place] = sleeper
    sleeper.place = place
  }

  #down(sleeper: Sleeper, from: number) {
    const heap = this.#heap
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      const below = heap[child]!
      if (!isBefore(below, sleeper)) break
      heap[place] = below
      below.place = place
      place = child
    }
    heap[place] = sleeper
    sleeper.place = place
  }
}

class Sleeper implements Timer {
  readonly at: Millis
  /** Breaks ties: who fell asleep first wakes first. */
  readonly sequence: number
  /** Where it stands in the heap. */
  place = -1
  /** Nobody can act when it has woken. */
  readonly silent: boolean
  /** Those of its duration, where it is one of many. */
  readonly line: Deadlines<Sleeper> | undefined
  /** Called off, or awake. */
  gone = false
  wake: () => void
  readonly #calledOff: (sleeper: Sleeper) => void

  constructor(
    calledOff: (sleeper: Sleeper) => void,
    at: Millis,
    sequence: number,
    silent: boolean,
    line: Deadlines<Sleeper> | undefined,
    wake: () => void,
  ) {
    this.#calledOff = calledOff
    this.at = at
    this.sequence = sequence
    this.silent = silent
    this.line = line
    this.wake = wake
  }

  cancel(): void {
    if (this.gone) return
    this.gone = true
    this.wake = asleep
    this.#calledOff(this)
  }
}

const asleep = () => {}

/** Taken once: `process` is looked up as a global, and there is one at every wake. */
const { nextTick } = process

const settled = Promise.resolve()

const isBefore = (a: Sleeper, b: Sleeper) => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
