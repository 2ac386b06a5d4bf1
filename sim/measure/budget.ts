/** What requests cost in upstream calls: how many of them, and how many were retries or hedges. */
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event } from '../history.ts'
import type { Ledger } from './ledger.ts'
import { Findings, type Meter } from './meter.ts'

type Began = Extract<Event, { kind: 'provider-began' }>

interface Calls {
  began: Began[]
  inFlight: string[]
  ended: boolean
}

/** Two calls of a request that overlap for longer are a race; shorter, and one only took the place of the other. */
const raceMs: Millis = 20

export function budget(): Meter {
  const open = new ShortLived<string, Calls>()
  const first = new Map<string, number>()
  const further = new Map<string, number>()
  const found = new Findings()
  let most = 0
  const add = (to: Map<string, number>, provider: string, n = 1) => to.set(provider, (to.get(provider) ?? 0) + n)

  /** `further` is learnt later than the call: until then it counted as a first one. */
  function wasFurther({ provider }: Began) {
    add(first, provider, -1)
    add(further, provider)
  }

  function began(event: Began, { topology }: Ledger) {
    let calls = open.get(event.request)
    if (!calls) open.set(event.request, (calls = { began: [], inFlight: [], ended: false }))
    const isRetry = calls.began.some(({ provider }) => provider === event.provider)
    calls.began.push(event)
    calls.inFlight.push(event.attempt)
    add(isRetry ? further : first, event.provider)
    const { length } = calls.began
    most = Math.max(most, length)
    const bound = mostCalls(topology)
    if (length === bound + 1)
      found.add(`request ${event.request} made ${length} calls, at most ${bound} are allowed`, ...calls.began)
  }

  function ended({ request, attempt, at: endedAt }: Extract<Event, { kind: 'provider-ended' }>) {
    const calls = open.get(request)
    const place = calls?.inFlight.indexOf(attempt) ?? -1
    if (!calls || place < 0) return
    calls.inFlight.splice(place, 1)
    const at = calls.began.findIndex(one => one.attempt === attempt)
    for (const rival of calls.began.slice(at + 1))
      if (endedAt - rival.at > raceMs && rival.provider !== calls.began[at]!.provider) wasFurther(rival)
    if (calls.ended && calls.inFlight.length === 0) open.delete(request)
  }

  return {
    on: {
      'provider-began': began,
      'provider-ended': ended,
      'client-ended'({ request }) {
        const calls = open.get(request)
        if (!calls) return
        calls.ended = true
        if (calls.inFlight.length === 0) open.delete(request)
      },
    },
    done({ topology }) {
      for (const { id, retryBudget } of topology.providers) {
        const [tries, extra] = [first.get(id) ?? 0, further.get(id) ?? 0]
        const bound = topology.instances * retryBudget.burst + retryBudget.ratio * tries
        if (extra > bound)
          found.add(
            `${id} got ${extra} retries and hedges on ${tries} first tries, at most ${bound.toFixed(0)} are allowed`,
          )
      }
      const sum = (of: Map<string, number>) => [...of.values()].reduce((total, n) => total + n, 0)
      const figures: Record<string, number> = most
        ? { 'budget.mostCalls': most, 'budget.firstTries': sum(first), 'budget.furtherTries': sum(further) }
        : {}
      return { figures, overBudget: found.list }
    },
  }
}

const mostCalls = ({ manners, providers }: Ledger['topology']) =>
  manners.providersPerRequest * Math.max(...providers.map(({ attempts }) => attempts))
