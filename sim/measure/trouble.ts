/** What the runner has taken from the proxies, and when: what follows from that alone is not held against them. */
import type { Millis } from '../../proxy/ports.ts'
import type { Taken } from '../faults/fault.ts'
import type { Event } from '../history.ts'

interface Window {
  id: string
  takes: Taken
  instance: string | undefined
  session: string | undefined
  from: Millis
  /** Infinity while it stands. */
  to: Millis
}

/** A store that comes back sooner was never away: commands wait so long, and are sent again. */
const shortestAbsenceMs: Millis = 250

export class Trouble {
  readonly #windows: Window[] = []
  /** So long after the heal what piled up may still be made good. */
  readonly #recoveryMs: Millis

  constructor(recoveryMs: Millis) {
    this.#recoveryMs = recoveryMs
  }

  see(event: Event): void {
    if (event.kind === 'fault-injected' && event.takes) {
      const { id, takes, instance, session, at: from } = event
      this.#windows.push({ id, takes, instance, session, from, to: Number.POSITIVE_INFINITY })
    }
    if (event.kind !== 'fault-healed') return
    const at = this.#windows.findIndex(({ id, to }) => id === event.id && to === Number.POSITIVE_INFINITY)
    const window = this.#windows[at]
    if (!window) return
    window.to = event.at
    if (window.takes === 'store' && window.to - window.from < shortestAbsenceMs) this.#windows.splice(at, 1)
  }

  /** Whether the store was away, or had not recovered, at some moment of the stretch. */
  storeAway(from: Millis, to: Millis): boolean {
    return this.#isHit(from - this.#recoveryMs, to, 'store')
  }

  /** Whether nobody could be admitted by the store at this instant. */
  admitsNobody(at: Millis): boolean {
    return this.#isHit(at - this.#recoveryMs, at, 'store', 'room')
  }

  /** How much of the stretch lies outside of any such time. */
  withStore(from: Millis, to: Millis): Millis {
    let left = Math.max(0, to - from)
    let covered = from
    for (const window of this.#windows) {
      if (window.takes !== 'store') continue
      const [start, end] = [Math.max(covered, window.from), Math.min(to, window.to + this.#recoveryMs)]
      if (end <= start) continue
      left -= end - start
      covered = end
    }
    return left
  }

  /** From when on all is well again that was not at this instant; the instant itself where all was. */
  storeBackAt(at: Millis): Millis {
    let back = at
    for (const window of this.#windows)
      if (window.takes === 'store' && overlaps(window, at, at)) back = Math.max(back, window.to)
    return back
  }

  /** Whether the store was made to forget its members just then. */
  forgets(at: Millis): boolean {
    return this.#isHit(at, at, 'members')
  }

  /** Whether somebody else put members into the store just then. */
  plants(at: Millis): boolean {
    return this.#isHit(at, at, 'order')
  }

  /** Whether an operator ended this session within the stretch. */
  ended(session: string, from: Millis, to: Millis): boolean {
    return this.#windows.some(
      window => window.takes === 'session' && window.session === session && window.from >= from && window.from <= to,
    )
  }

  /** Whether this instance was dead, or stopped, at some moment of the stretch. */
  gone(instance: string | undefined, from: Millis, to: Millis): boolean {
    for (const window of this.#windows)
      if ((window.takes === 'requests' || window.takes === 'time') && window.instance === instance)
        if (overlaps(window, from, to)) return true
    return false
  }

  /** Whether any instance was dead, stopped or cut off from the store at some moment of the stretch. */
  someoneGone(from: Millis, to: Millis): boolean {
    return this.#isHit(from, to, 'requests', 'time', 'store')
  }

  /** Whether this instance died within the stretch. */
  died(instance: string | undefined, from: Millis, to: Millis): boolean {
    return this.#windows.some(
      window => window.takes === 'requests' && window.instance === instance && window.from >= from && window.from <= to,
    )
  }

  /** Asked several times for each event: in loops, and without arrays of what was found. */
  #isHit(from: Millis, to: Millis, ...taken: readonly Taken[]): boolean {
    for (const window of this.#windows) if (overlaps(window, from, to) && taken.includes(window.takes)) return true
    return false
  }
}

const overlaps = (window: Window, from: Millis, to: Millis) => window.from <= to && window.to >= from
