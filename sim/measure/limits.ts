/**
 * Did more work run at a provider than its limit allows? Only what was certainly in flight counts; and not whom the store lost, whose
 * proxy was stopped beyond its lease, or whom it declared while the store was away, until they leave: for each of them another may have come.
 */
import type { Millis } from '../../proxy/ports.ts'
import { mostInFlight } from '../../proxy/provider.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import { type Change, type Ledger, oldestOf, type Seat } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

interface Edge {
  at: Millis
  step: 1 | -1
  session: string
  event: Event
}

/** Nobody was there to renew it, or could, or was back for longer than a moment. */
const ownersGone = ({ attempts }: Seat, at: Millis, ledger: Ledger) =>
  ledger.trouble.storeAway(at, at) ||
  [...attempts.values()].some(({ request }) =>
    ledger.trouble.gone(ledger.instanceOf(request), at - ledger.topology.transitMs, at),
  )

interface Beyond {
  session: string
  /** Of its attempts. */
  places: number
  from: Millis
  to: Millis
}

/** An end may be learnt this much later than it was certain: edges wait so long before they are played. */
const waitMs = 250

export function limits(): Meter {
  const waiting = new Map<string, Edge[]>()
  const running = new Map<string, ShortLived<string, number>>()
  const since = new Map<string, Millis>()
  /** By provider: who is in flight and was not counted, through no fault of the proxy. */
  const beyond = new Map<string, Beyond[]>()
  const overshoots = new Findings()
  let most = 0
  let overMs = 0
  /** Warm-up and all, in shares of the limit. */
  let excess = 0

  function play(provider: string, until: Millis, ledger: Ledger) {
    const edges = waiting.get(provider)!
    if (!edges.length || edges[0]!.at > until) return
    const spec = ledger.topology.providers.find(({ id }) => id === provider)!
    const { unit } = spec
    const limit = mostInFlight(spec)
    const counts = running.get(provider)!
    const inFlight = () => (unit === 'session' ? counts.size : [...counts.values()].reduce((sum, n) => sum + n, 0))
    const placesOf = ({ session, places }: Beyond) =>
      unit === 'session' ? 1 : Math.min(places, counts.get(session) ?? 0)
    const uncounted = beyond.get(provider) ?? []
    const allowedAt = (at: Millis) => {
      let allowed = limit
      for (const one of uncounted) if (one.from <= at && at < one.to) allowed += placesOf(one)
      return allowed
    }
    while (edges.length && edges[0]!.at <= until) {
      const { at, step, session, event } = edges.shift()!
      overMs +=
        Math.max(0, inFlight() - allowedAt(since.get(provider) ?? at)) *
        Math.max(0, at - Math.max(since.get(provider) ?? at, ledger.judgedFrom))
      since.set(provider, at)
      const left = (counts.get(session) ?? 0) + step
      if (left > 0) counts.set(session, left)
      else counts.delete(session)
      const over = inFlight() - allowedAt(at)
      if (step < 0 || over <= 0) continue
      excess = Math.max(excess, over / limit)
      if (at < ledger.judgedFrom) continue
      most = Math.max(most, over)
      overshoots.add(`${inFlight()} ${unit}s were in flight at ${provider}, limit ${limit}, at ${seconds(at)}`, event)
    }
  }

  /** From the start of the attempt: who took its place may have come before the loss was seen. */
  function noteBeyond({ kind, seat, event: { at } }: Change, ledger: Ledger) {
    const { id } = seat.provider
    const known = beyond.get(id) ?? []
    const one = known.find(({ session, to }) => session === seat.session && to === Number.POSITIVE_INFINITY)
    if (one && seat.attempts.size === 0) one.to = at
    if (seat.attempts.size === 0) return
    const lost =
      kind === 'left'
        ? seat.lostAt === at || ownersGone(seat, at, ledger)
        : // Admitted, and lost on its way to the provider.
          kind === 'began' &&
          seat.joinedAt === undefined &&
          at - (seat.lostAt ?? Number.NEGATIVE_INFINITY) <= ledger.topology.transitMs
    const declared =
      kind === 'began' && seat.declaredAt !== undefined && at - seat.declaredAt <= ledger.topology.transitMs
    // Its lease ended, another came, and it was inserted again before its proxy knew that its attempts were over.
    const unleased = kind === 'began' && ledger.saidUnleased(seat, at - ledger.topology.transitMs)
    // The last place goes with the membership, after others.
    if (one && lost && kind === 'left') one.places = Math.max(one.places, seat.attempts.size)
    if (one || (!lost && !unleased && !(declared && ledger.trouble.admitsNobody(seat.declaredAt!)))) return
    beyond.set(id, [
      ...known,
      {
        session: seat.session,
        places: seat.attempts.size,
        from: oldestOf(seat),
        to: Number.POSITIVE_INFINITY,
      },
    ])
  }

  /** Where attempts are counted, one may lose its place while its session stays. */
  function noteFewer(event: Extract<Event, { kind: 'store-changed' }>, ledger: Ledger) {
    const seat = ledger.changed
    const known = beyond.get(event.provider) ?? []
    if (seat?.provider.unit !== 'attempt' || event.score === null || event.score >= seat.attempts.size) return
    if (!ownersGone(seat, event.at, ledger)) return
    const { session, attempts } = seat
    const places = attempts.size - event.score
    const one = known.find(other => other.session === session && other.to > event.at)
    if (one) one.places = Math.max(one.places, places)
    else beyond.set(event.provider, [...known, { session, places, from: oldestOf(seat), to: Number.POSITIVE_INFINITY }])
  }

  function noteEdge(change: Extract<Change, { kind: 'began' | 'ended' }>, ledger: Ledger) {
    noteBeyond(change, ledger)
    const { event } = change
    const { session, provider } = change.seat
    let edges = waiting.get(provider.id)
    if (!edges) {
      waiting.set(provider.id, (edges = []))
      running.set(provider.id, new ShortLived())
    }
    const edge: Edge =
      change.kind === 'began'
        ? { at: event.at, step: 1, session, event }
        : { at: change.event.since, step: -1, session, event }
    let place = edges.length
    // At the same instant an end comes first: it made room.
    while (
      place > 0 &&
      (edges[place - 1]!.at > edge.at ||
        (edges[place - 1]!.at === edge.at && edge.step < 0 && edges[place - 1]!.session !== edge.session))
    )
      place--
    if (place === edges.length) edges.push(edge)
    else edges.splice(place, 0, edge)
    play(provider.id, event.at - waitMs, ledger)
  }

  return {
    on: {
      'store-changed'(event, ledger, change) {
        if (!change) noteFewer(event, ledger)
      },
    },
    when: { began: noteEdge, ended: noteEdge, joined: noteBeyond, left: noteBeyond },
    done(ledger) {
      for (const provider of waiting.keys()) play(provider, Number.POSITIVE_INFINITY, ledger)
      const figures = waiting.size
        ? { 'limit.overshootMax': most, 'limit.overshootSessionSeconds': overMs / 1000, 'limit.excess': excess }
        : {}
      return { figures: figures as Record<string, number>, overshoots: overshoots.list }
    },
  }
}
