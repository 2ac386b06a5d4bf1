/** How long sessions stay members after their last attempt at a provider ended. */
import type { Millis } from '../../proxy/ports.ts'
import { leaseMs } from '../../proxy/provider.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event, Phase } from '../history.ts'
import type { Ledger, Seat } from './ledger.ts'
import type { Cause, Stay } from './measurement.ts'
import { Durations, type Figures, Findings, type Meter, seconds } from './meter.ts'

interface OpenStay {
  cause: Cause
  phase: Phase
  endedAt: Millis
  /** From here the stay counts: later than the end where a window excuses it. */
  from: Millis
  evidence: Event[]
  heardOf: boolean
}

/** Of the longest stays of each cause so many are shown. */
const mostListed = 12

export function residency(): Meter {
  const open = new ShortLived<Seat, OpenStay>()
  const durations = new Map<string, Durations>()
  const longest: Partial<Record<Cause, Stay[]>> = {}

  const crashed = new Findings()

  /** Whom nobody releases goes with its lease: that was renewed a beat before at most, and a beat later somebody sweeps. */
  function judgeCrash(
    { provider, session }: Seat,
    { endedAt, heardOf }: OpenStay,
    stayedMs: Millis,
    { topology }: Ledger,
    evidence: readonly Event[],
    still: boolean,
  ) {
    const { id, heartbeatMs } = provider
    const least = leaseMs(provider) - heartbeatMs - topology.transitMs
    const most = leaseMs(provider) + heartbeatMs + topology.transitMs
    // Its release was on its way when the proxy died.
    const given = heardOf && !still && stayedMs <= topology.transitMs
    if (given || ((stayedMs >= least || still) && stayedMs <= most)) return
    crashed.add(
      `session ${session} stayed ${seconds(stayedMs)} in {provider:${id}} after its proxy died at ${seconds(endedAt)}, and not between ${seconds(least)} and ${seconds(most)}`,
      ...evidence,
    )
  }

  function close(seat: Seat, stay: OpenStay, at: Millis, still: boolean, ledger: Ledger, removal?: Event) {
    open.delete(seat)
    // Nothing could be removed meanwhile.
    if (ledger.trouble.storeAway(stay.endedAt, still ? stay.endedAt : at)) return
    const stayedMs = Math.max(0, at - stay.from)
    for (const name of [`residency.${stay.cause}`, `residency.${stay.cause}.${stay.phase}`]) {
      if (!durations.has(name)) durations.set(name, new Durations())
      durations.get(name)!.add(stayedMs)
    }
    if (stay.cause === 'crash')
      judgeCrash(seat, stay, stayedMs, ledger, removal ? [...stay.evidence, removal] : stay.evidence, still)
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
    when: {
      began: ({ seat }) => void open.delete(seat),
      ended({ seat, event, cause, last, heardOf }, ledger) {
        if (!last || event.at < ledger.judgedFrom) return
        const stay = {
          cause,
          phase: ledger.phase,
          endedAt: event.at,
          from: cause === 'crash' ? event.at : ledger.excusedUntil(seat),
          evidence: [event],
          heardOf,
        }
        if (seat.joinedAt !== undefined) open.set(seat, stay)
        // The release was seen a moment before the end it followed: the two come from different observers.
        else if (seat.left && seat.left.at > event.at - ledger.topology.transitMs)
          close(seat, stay, event.at, false, ledger, seat.left)
      },
      left({ seat, event }, ledger) {
        const stay = open.get(seat)
        if (stay) close(seat, stay, event.at, false, ledger, event)
      },
    },
    done(ledger) {
      let stillOpen = 0
      for (const [seat, stay] of [...open]) {
        // A session that a window excuses to the end has not overstayed.
        if (stay.from > ledger.now) continue
        stillOpen++
        close(seat, stay, ledger.now, true, ledger)
      }
      const figures: Figures = { 'residency.open': stillOpen }
      for (const [name, values] of durations) Object.assign(figures, values.figures(name))
      return { figures, longestStays: longest, crashed: crashed.list }
    },
  }
}
