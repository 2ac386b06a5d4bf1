/** A member's score against its attempts in flight: what a tracker derives must not drift from what is there. */

import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import { type Ledger, oldestOf, type Seat } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** A stretch in which score and attempts differ. */
interface Stretch {
  from: number
  inFlight: number
  score: number
  /** When the oldest attempt began that was in flight then. */
  oldest: number
  evidence: Event
}

/** Only where membership is `in-flight`: elsewhere a score is the time of the last activity. */
export function references(): Meter {
  const scores = new ShortLived<Seat, number>()
  const open = new ShortLived<Seat, Stretch>()
  const miscounted = new Findings()
  let compared = 0
  let over = false
  const judges = ({ topology }: Ledger) => !over && topology.membership === 'in-flight'

  function changed(event: Extract<Event, { kind: 'store-changed' | 'store-lost' }>, ledger: Ledger) {
    if (!judges(ledger)) return
    const seat = ledger.changed
    if (!seat) return
    if (event.score === null) scores.delete(seat)
    else scores.set(seat, event.score)
    compare(seat, event, ledger)
  }

  function compare(seat: Seat, event: Event, ledger: Ledger) {
    if (!judges(ledger)) return
    compared++
    const score = scores.get(seat) ?? 0
    const inFlight = seat.attempts.size
    const stretch = open.get(seat)
    if (stretch && (score === inFlight || stretch.score !== score || stretch.inFlight !== inFlight)) {
      open.delete(seat)
      tell(seat, stretch, event.at, ledger, event)
    }
    if (score !== inFlight && !open.has(seat))
      open.set(seat, { from: event.at, inFlight, score, oldest: oldestOf(seat), evidence: event })
  }

  function tell(
    seat: Seat,
    { from, inFlight, score, oldest, evidence }: Stretch,
    to: number,
    ledger: Ledger,
    ending?: Event,
  ) {
    // What the store lost, or could not be told, is no drift; nor is what nobody is left to release.
    const excusedUntil = inFlight
      ? ledger.uncountedUntil(seat, from, oldest) - ledger.topology.transitMs
      : ledger.excusedUntil(seat)
    const length = ledger.trouble.withStore(Math.max(from, ledger.judgedFrom, Math.min(to, excusedUntil)), to)
    // A provider that is busy elsewhere tells late: what a heartbeat mends is no drift.
    if (length <= ledger.topology.transitMs + seat.provider.heartbeatMs) return
    miscounted.add(
      `session ${seat.session} had ${inFlight} attempts in flight at ${seat.provider.id} and was counted ${score} times, for ${seconds(length)} from ${seconds(from)}`,
      evidence,
      ...(ending ? [ending] : []),
    )
  }

  return {
    on: {
      'store-changed': changed,
      'store-lost': changed,
      'store-census'({ at }, ledger) {
        if (!judges(ledger) || ledger.phase !== 'rest') return
        over = true
        for (const [seat, stretch] of open) tell(seat, stretch, at, ledger)
      },
    },
    when: {
      began: ({ seat, event }, ledger) => compare(seat, event, ledger),
      ended: ({ seat, event }, ledger) => compare(seat, event, ledger),
    },
    done: () => ({
      figures: (compared ? { 'tracking.miscountedSessions': miscounted.count } : {}) as Record<string, number>,
      miscounted: miscounted.list,
    }),
  }
}
