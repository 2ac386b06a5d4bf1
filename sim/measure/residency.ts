/** How long sessions stay members after their last attempt at a provider ended. */
import type { Millis } from '../../proxy/ports.ts'
import type { Event, Phase } from '../history.ts'
import type { Seat } from './ledger.ts'
import type { Cause, Stay } from './measurement.ts'
import { Durations, type Figures, type Meter } from './meter.ts'

interface OpenStay {
  cause: Cause
  phase: Phase
  endedAt: Millis
  /** From here the stay counts: later than the end where a window excuses it. */
  from: Millis
  evidence: Event[]
}

/** Of the longest stays of each cause so many are shown. */
const mostListed = 12

export function residency(): Meter {
  const open = new Map<Seat, OpenStay>()
  const durations = new Map<string, Durations>()
  const longest: Partial<Record<Cause, Stay[]>> = {}

  function close(seat: Seat, stay: OpenStay, at: Millis, still: boolean, removal?: Event) {
    open.delete(seat)
    const stayedMs = Math.max(0, at - stay.from)
    for (const name of [`residency.${stay.cause}`, `residency.${stay.cause}.${stay.phase}`]) {
      if (!durations.has(name)) durations.set(name, new Durations())
      durations.get(name)!.add(stayedMs)
    }
    const list = (longest[stay.cause] ??= [])
    if (list.length === mostListed && list.at(-1)!.stayedMs >= stayedMs) return
    const evidence = removal ? [...stay.evidence, removal] : stay.evidence
    const { cause, phase, endedAt } = stay
    list.push({
      provider: seat.provider.id,
      session: seat.session,
      cause,
      phase,
      endedAt,
      stayedMs,
      open: still,
      evidence,
    })
    list.sort((a, b) => b.stayedMs - a.stayedMs)
    if (list.length > mostListed) list.pop()
  }

  return {
    see(_event, change, ledger) {
      if (!change) return
      const { seat } = change
      if (change.kind === 'began') open.delete(seat)
      else if (change.kind === 'ended' && change.last && change.event.at >= ledger.judgedFrom) {
        const { event, cause } = change
        const stay = {
          cause,
          phase: ledger.phase,
          endedAt: event.at,
          from: ledger.excusedUntil(seat),
          evidence: [event],
        }
        if (seat.joinedAt !== undefined) open.set(seat, stay)
        // The release was seen a moment before the end it followed: the two come from different observers.
        else if (seat.left && seat.left.at > event.at - ledger.topology.transitMs)
          close(seat, stay, event.at, false, seat.left)
      } else if (change.kind === 'left') {
        const stay = open.get(seat)
        if (stay) close(seat, stay, change.event.at, false, change.event)
      }
    },
    done(ledger) {
      let stillOpen = 0
      for (const [seat, stay] of [...open]) {
        // A session that a window excuses to the end has not overstayed.
        if (stay.from > ledger.now) continue
        stillOpen++
        close(seat, stay, ledger.now, true)
      }
      const figures: Figures = { 'residency.open': stillOpen }
      for (const [name, values] of durations) Object.assign(figures, values.figures(name))
      return { figures, longestStays: longest }
    },
  }
}
