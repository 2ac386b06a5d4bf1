/** The store against the truth: members that nobody serves, and served sessions that are no members. */
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import { type Ledger, oldestOf, type Seat } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** A stretch in which store and truth differ for one seat. */
interface Stretch {
  from: Millis
  evidence: Event
}

interface Missing extends Stretch {
  /** When the oldest attempt began that was in flight then. */
  oldest: Millis
}

export function tracking(): Meter {
  const phantom = new ShortLived<Seat, Stretch>()
  const missing = new ShortLived<Seat, Missing>()
  const flying = new ShortLived<Seat, Millis>()
  /** Judged at the end: a proxy that was stopped says later what it served without a lease. */
  let candidates: { seat: Seat; since: Millis; because: string; evidence: Event[] }[] = []
  let phantomMs = 0
  let missingMs = 0
  let flightMs = 0
  /** When the last stretch ended that was too long to be a session on its way. */
  let lastWrongAt = Number.NEGATIVE_INFINITY
  let stillWrong = 0
  let over = false

  const judged = (ledger: Ledger, from: Millis, to: Millis) => Math.max(0, to - Math.max(from, ledger.judgedFrom))
  /** Without the time in which the store was away: nobody could have mended anything. */
  const weighed = (ledger: Ledger, from: Millis, to: Millis) =>
    ledger.trouble.withStore(Math.max(from, ledger.judgedFrom), to)
  const wrongUntil = (ledger: Ledger, length: Millis, to: Millis) => {
    if (length > ledger.topology.transitMs) lastWrongAt = Math.max(lastWrongAt, to)
  }

  function endPhantom(seat: Seat, to: Millis, ledger: Ledger) {
    const stretch = phantom.get(seat)
    if (!stretch) return
    phantom.delete(seat)
    phantomMs += weighed(ledger, stretch.from, to)
    wrongUntil(ledger, judged(ledger, stretch.from, to), to)
  }

  function endMissing(seat: Seat, to: Millis, ledger: Ledger, ending?: Event) {
    const stretch = missing.get(seat)
    if (!stretch) return
    missing.delete(seat)
    const length = judged(ledger, stretch.from, to)
    missingMs += weighed(ledger, stretch.from, to)
    wrongUntil(ledger, length, to)
    if (length <= ledger.topology.transitMs || to <= ledger.uncountedUntil(seat, stretch.from, stretch.oldest)) return
    const because = `session ${seat.session} was in flight at ${seat.provider.id} for ${seconds(length)} from ${seconds(stretch.from)} and not counted`
    candidates.push({ seat, since: stretch.from, because, evidence: [stretch.evidence, ...(ending ? [ending] : [])] })
  }

  /**
   * Judged up to the first look at rest: what stays longer is a phantom there. Nobody asks any more then, so trackers that
   * clean up when they are asked keep members beyond their own window, which harms nobody.
   */
  function finish(ledger: Ledger) {
    over = true
    stillWrong = [...phantom.values(), ...missing.values()].filter(
      ({ from }) => from + ledger.topology.transitMs < ledger.now,
    ).length
    for (const seat of [...phantom.keys()]) endPhantom(seat, ledger.now, ledger)
    for (const seat of [...missing.keys()]) endMissing(seat, ledger.now, ledger)
    for (const from of flying.values()) flightMs += judged(ledger, from, ledger.now)
  }

  return {
    on: {
      'store-census'(_event, ledger) {
        if (!over && ledger.phase === 'rest') finish(ledger)
      },
    },
    when: {
      began({ seat, event, first }, ledger) {
        if (over) return
        endPhantom(seat, event.at, ledger)
        if (first) flying.set(seat, event.at)
        if (first && seat.joinedAt === undefined)
          missing.set(seat, { from: event.at, oldest: event.at, evidence: event })
      },
      ended({ seat, event, last }, ledger) {
        if (over || !last) return
        const end = event.since
        // A provider that says nothing learns only at the end that its caller has left: until then it served.
        flightMs += judged(ledger, flying.get(seat) ?? event.at, event.at)
        flying.delete(seat)
        endMissing(seat, end, ledger, event)
        if (seat.joinedAt !== undefined) phantom.set(seat, { from: ledger.excusedUntil(seat), evidence: event })
      },
      joined({ seat, event }, ledger) {
        if (over) return
        endMissing(seat, event.since, ledger, event)
        // After a failover the store may tell late, and only roughly when.
        if (candidates.length) candidates = candidates.filter(one => one.seat !== seat || one.since < event.since)
        if (seat.attempts.size) return
        const from = Math.max(event.at + ledger.topology.transitMs, ledger.excusedUntil(seat))
        phantom.set(seat, { from, evidence: event })
      },
      revived({ seat, event }, ledger) {
        if (over || !phantom.has(seat)) return
        endPhantom(seat, event.since, ledger)
        phantom.set(seat, { from: ledger.excusedUntil(seat), evidence: event })
      },
      left({ seat, event }, ledger) {
        if (over) return
        endPhantom(seat, event.since, ledger)
        if (seat.attempts.size) missing.set(seat, { from: event.at, oldest: oldestOf(seat), evidence: event })
      },
    },
    done(ledger) {
      if (!over) finish(ledger)
      const uncounted = new Findings()
      for (const { seat, since, because, evidence } of candidates)
        if (!ledger.saidUnleased(seat, since)) uncounted.add(because, ...evidence)
      const figures: Record<string, number> = {
        'tracking.phantomSessionSeconds': phantomMs / 1000,
        'tracking.missingSessionSeconds': missingMs / 1000,
        'tracking.uncountedSessions': uncounted.count,
      }
      if (flightMs > 0) {
        figures['tracking.error'] = (phantomMs + missingMs) / flightMs
        figures['rest.truthReached'] = stillWrong === 0 ? 1 : 0
        if (ledger.healedAt !== undefined) figures['rest.timeToTruthMs'] = Math.max(0, lastWrongAt - ledger.healedAt)
      }
      return { figures, uncounted: uncounted.list }
    },
  }
}
