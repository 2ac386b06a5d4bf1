/**
 * The breakers that there should have been, by what the providers did: a provider that has failed so often must be left alone by
 * the instance that saw it, and then be asked by so many. Where the order of two events cannot be told, nothing is claimed.
 */
import type { BreakerState } from '../../proxy/events.ts'
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import type { ProviderSpec } from '../topology.ts'
import type { Called } from './hearing.ts'
import type { Ledger } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

interface Expected {
  failedAt: Millis[]
  openedAt: Millis | undefined
  closedAt: Millis
  /** When somebody was last served. */
  wellAt: Millis
  /** The same as `failedAt`, with those that may not have been heard, or came too late to count. */
  mayHaveFailedAt: Millis[]
  /** The last failure since which it may have opened unknown to us: nothing is claimed then, until somebody who came later is served. */
  unsureSince: Millis | undefined
  /** When each attempt in flight got leave. */
  asked: ShortLived<string, Millis>
  /** Begins of the attempts that ask whether it is well again. */
  probing: Map<string, Millis>
  /** Whatever may have been taken for a failure, of late. */
  troubleAt: Millis[]
  state: BreakerState
}

/** A breaker that opened: what led to it may be told a moment later. */
interface Opening {
  event: Extract<Event, { kind: 'breaker' }>
  one: Expected
  provider: ProviderSpec
  /** From `half-open` one failure suffices. */
  needs: number
}

type Ended = Extract<Called, { kind: 'ended' }>

/** Two probes that overlap for longer are two at a time; of two events that are closer nobody knows which a proxy saw first. */
const overlapMs: Millis = 20

export function breakers(): Meter {
  const expected = new Map<string, Expected>()
  const found = new Findings()
  const inVain = new Findings()
  const openings: Opening[] = []
  let opened = 0

  function of(instance: string, provider: string): Expected {
    const key = `${instance} ${provider}`
    let one = expected.get(key)
    if (!one)
      expected.set(
        key,
        (one = {
          failedAt: [],
          mayHaveFailedAt: [],
          openedAt: undefined,
          closedAt: Number.NEGATIVE_INFINITY,
          wellAt: Number.NEGATIVE_INFINITY,
          unsureSince: undefined,
          asked: new ShortLived(),
          probing: new Map(),
          troubleAt: [],
          state: 'closed',
        }),
      )
    return one
  }

  function began(
    one: Expected,
    { seat, event, since: sentAt }: Extract<Called, { kind: 'began' }>,
    who: string,
    transitMs: Millis,
  ) {
    one.asked.set(event.attempt, sentAt)
    if (one.openedAt === undefined) return
    const { id, breaker } = seat.provider
    const since = sentAt - one.openedAt
    if (since >= breaker.openMs - transitMs) one.probing.set(event.attempt, event.at)
    else if (since > transitMs && one.unsureSince === undefined)
      found.add(`${id} was asked by ${who} ${seconds(since)} after its breaker should have opened`, event)
  }

  function ended(one: Expected, change: Ended, heard: boolean, who: string, transitMs: Millis) {
    const { seat, event } = change
    const { breaker, id } = seat.provider
    const said = verdictOf(change)
    // A time-out in a race looks like a lost race, and one just before the client left like that.
    const lostPatience = change.cause === 'hedge-loss' || (change.cause === 'abort' && wasSilent(change))
    if (said === 'failed' || lostPatience) trouble(one, event.at, seat.provider)
    const askedAt = one.asked.get(event.attempt) ?? event.at
    one.asked.delete(event.attempt)
    // What was asked before it closed changes nothing any more, and what came together with a success may have come before it.
    const counts = heard && askedAt > one.closedAt + overlapMs && event.at > one.wellAt + overlapMs
    const verdict = said === 'failed' && !counts ? 'nothing' : said
    const since = one.unsureSince
    if (said === 'well' && since !== undefined && askedAt > since + overlapMs) return close(one, event.at)
    if (said === 'failed' && since !== undefined) one.unsureSince = event.at
    if (said === 'well') one.wellAt = event.at
    if (one.openedAt === undefined) {
      if (verdict === 'well') {
        one.failedAt = []
        one.mayHaveFailedAt = one.mayHaveFailedAt.filter(at => at > event.at - overlapMs)
      }
      if (said !== 'failed') return
      const opens = counts && isFull(one.failedAt, event.at, breaker)
      if (isFull(one.mayHaveFailedAt, event.at, breaker) && !opens) one.unsureSince = event.at
      if (opens) open(one, event.at)
      return
    }
    if (!one.probing.has(event.attempt)) {
      // It may have been seen before the last failure.
      if (verdict === 'well' && event.at - one.openedAt < transitMs) close(one, event.at)
      return
    }
    const together = [...one.probing.values()].filter(at => event.since - at > overlapMs).length
    if (together > breaker.probes && one.unsureSince === undefined)
      found.add(`${id} was asked by ${who} with ${together} attempts at a time while it was on probation`, event)
    one.probing.delete(event.attempt)
    if (verdict === 'well') close(one, event.at)
    if (verdict === 'failed') open(one, event.at)
    // It may have opened with this one, and not with one that comes later.
    if (said === 'failed' && verdict === 'nothing') one.unsureSince ??= event.at
  }

  /** Nobody but the proxy sees a connection that could not be made. */
  function proxySays(event: Opening['event'] | Extract<Event, { kind: 'attempt-ended' }>, { topology }: Ledger) {
    const provider = topology.providers.find(({ id }) => id === event.provider)
    if (!provider || !hasBreaker(provider)) return
    const one = of(event.from, provider.id)
    if (event.kind === 'attempt-ended') {
      if (unseen.has(event.failure ?? '')) trouble(one, event.at, provider)
      return
    }
    if (event.state === 'open')
      openings.push({ event, one, provider, needs: one.state === 'half-open' ? 1 : provider.breaker.failures })
    one.state = event.state
  }

  function trouble(one: Expected, at: Millis, { breaker }: ProviderSpec) {
    one.troubleAt.push(at)
    while (one.troubleAt[0]! < at - breaker.windowMs - 1_000) one.troubleAt.shift()
  }

  function judge({ event, one, provider, needs }: Opening, transitMs: Millis) {
    const from = event.at - provider.breaker.windowMs - transitMs
    const seen = one.troubleAt.filter(at => at >= from && at <= event.at + transitMs).length
    if (seen < needs)
      inVain.add(
        `${event.from} opened its breaker for ${provider.id}, which had failed ${seen} times of ${needs}`,
        event,
      )
  }

  function open(one: Expected, at: Millis) {
    opened++
    Object.assign(one, { openedAt: at, failedAt: [], mayHaveFailedAt: [] })
    one.probing.clear()
  }
  function close(one: Expected, at: Millis) {
    Object.assign(one, { openedAt: undefined, closedAt: at, unsureSince: undefined, failedAt: [], mayHaveFailedAt: [] })
    one.probing.clear()
  }

  return {
    heard(change, heard, { topology }) {
      const { seat, instance } = change
      if (instance === undefined || !hasBreaker(seat.provider)) return
      const one = of(instance, seat.provider.id)
      if (change.kind === 'began') began(one, change, instance, topology.transitMs)
      else ended(one, change, heard, instance, topology.transitMs)
    },
    passed(now, { topology: { transitMs } }) {
      while (openings.length && openings[0]!.event.at + transitMs < now) judge(openings.shift()!, transitMs)
    },
    on: { breaker: proxySays, 'attempt-ended': proxySays },
    done(ledger) {
      for (const opening of openings) judge(opening, ledger.topology.transitMs)
      return {
        figures: (expected.size ? { 'breakers.opened': opened } : {}) as Record<string, number>,
        askedTooSoon: found.list,
        openedInVain: inVain.list,
      }
    },
  }
}

/** Adds a failure, and tells whether those that came together open a breaker. */
function isFull(failedAt: Millis[], at: Millis, { failures, windowMs }: ProviderSpec['breaker']): boolean {
  failedAt.push(at)
  if (failedAt.length > failures) failedAt.shift()
  return failedAt.length === failures && at - failedAt[0]! <= windowMs
}

const unseen: ReadonlySet<string> = new Set(['connect', 'dns', 'tls'])

/** For so long that the proxy may have given it up. */
const wasSilent = ({ seat: { provider }, event }: Ended) =>
  event.at - event.since >= Math.min(provider.firstByteMs, provider.idleMs) - overlapMs

export const hasBreaker = ({ breaker }: ProviderSpec) => breaker.failures > 0

/** What an attempt says about its provider's health. A client error and a 429 say nothing, and so does whoever was stopped. */
export function verdictOf({ cause, event }: Ended): 'well' | 'failed' | 'nothing' {
  if (cause === 'success') return 'well'
  if (cause === 'timeout') return 'failed'
  if (cause !== 'failure') return 'nothing'
  return event.status >= 500 || event.status < 400 ? 'failed' : 'nothing'
}
