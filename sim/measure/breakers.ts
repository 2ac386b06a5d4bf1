/**
 * The breakers that there should have been, by what the providers did: a provider that has failed so often must be left alone by
 * the instance that saw it, and then be asked by so many. Where the order of two events cannot be told, nothing is claimed.
 */
import type { Millis } from '../../proxy/ports.ts'
import type { ProviderSpec } from '../topology.ts'
import type { Change } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

interface Expected {
  failedAt: Millis[]
  openedAt: Millis | undefined
  /** Begins of the attempts that ask whether it is well again. */
  probing: Map<string, Millis>
}

type Ended = Extract<Change, { kind: 'ended' }>

/** Two probes that overlap for longer are two at a time. */
const overlapMs: Millis = 20

export function breakers(): Meter {
  const expected = new Map<string, Expected>()
  const found = new Findings()
  let opened = 0

  function of(instance: string, provider: string): Expected {
    const key = `${instance} ${provider}`
    let one = expected.get(key)
    if (!one) expected.set(key, (one = { failedAt: [], openedAt: undefined, probing: new Map() }))
    return one
  }

  function began(one: Expected, { seat, event }: Extract<Change, { kind: 'began' }>, who: string, transitMs: Millis) {
    if (one.openedAt === undefined) return
    const { id, breaker } = seat.provider
    const since = event.at - one.openedAt
    if (since >= breaker.openMs - transitMs) one.probing.set(event.attempt, event.at)
    else if (since > transitMs)
      found.add(`${id} was asked by ${who} ${seconds(since)} after its breaker should have opened`, event)
  }

  function ended(one: Expected, change: Ended, who: string, transitMs: Millis) {
    const { seat, event } = change
    const { breaker, id } = seat.provider
    const verdict = verdictOf(change)
    if (one.openedAt === undefined) {
      if (verdict === 'well') one.failedAt = []
      if (verdict !== 'failed') return
      one.failedAt.push(event.at)
      if (one.failedAt.length > breaker.failures) one.failedAt.shift()
      if (one.failedAt.length === breaker.failures && event.at - one.failedAt[0]! <= breaker.windowMs)
        open(one, event.at)
      return
    }
    if (!one.probing.has(event.attempt)) {
      // It may have been seen before the last failure.
      if (verdict === 'well' && event.at - one.openedAt < transitMs) close(one)
      return
    }
    const together = [...one.probing.values()].filter(at => event.since - at > overlapMs).length
    if (together > breaker.probes)
      found.add(`${id} was asked by ${who} with ${together} attempts at a time while it was on probation`, event)
    one.probing.delete(event.attempt)
    if (verdict === 'well') close(one)
    if (verdict === 'failed') open(one, event.at)
  }

  function open(one: Expected, at: Millis) {
    opened++
    Object.assign(one, { openedAt: at, failedAt: [] })
    one.probing.clear()
  }
  function close(one: Expected) {
    Object.assign(one, { openedAt: undefined, failedAt: [] })
    one.probing.clear()
  }

  return {
    see(_event, change, ledger) {
      if ((change?.kind !== 'began' && change?.kind !== 'ended') || !hasBreaker(change.seat.provider)) return
      const who = ledger.instanceOf(change.event.request)
      if (who === undefined) return
      const one = of(who, change.seat.provider.id)
      if (change.kind === 'began') began(one, change, who, ledger.topology.transitMs)
      else ended(one, change, who, ledger.topology.transitMs)
    },
    done: () => ({
      figures: (expected.size ? { 'breakers.opened': opened } : {}) as Record<string, number>,
      askedTooSoon: found.list,
    }),
  }
}

const hasBreaker = ({ breaker }: ProviderSpec) => breaker.failures > 0

/** What an attempt says about its provider's health. A client error and a 429 say nothing, and so does whoever was stopped. */
function verdictOf({ cause, event }: Ended): 'well' | 'failed' | 'nothing' {
  if (cause === 'success') return 'well'
  if (cause === 'timeout') return 'failed'
  if (cause !== 'failure') return 'nothing'
  return event.status >= 500 || event.status < 400 ? 'failed' : 'nothing'
}
