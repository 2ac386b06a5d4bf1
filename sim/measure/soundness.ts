/** Can this run be judged at all: what the store and its observer say of themselves, how the load was played, whether faults landed. */
import type { Event } from '../history.ts'
import type { FaultReceipt } from './measurement.ts'
import { Findings, type Meter, seconds } from './meter.ts'

/** A generator later than this did not play the storm that was planned. */
const mostLatenessMs = 50

export function soundness(): Meter {
  const observer = new Findings()
  const load = new Findings()
  const unlanded = new Findings()
  const lost = new Findings()
  const receipts: FaultReceipt[] = []
  const injected = new Map<string, Extract<Event, { kind: 'fault-injected' }>>()
  const figures: Record<string, number> = {}
  let requests = 0
  let counted: Extract<Event, { kind: 'store-counted' }> | undefined
  let resolved = false
  let generated = false
  return {
    on: {
      'client-sent'() {
        requests++
      },
      'store-counted'(event) {
        counted = event
      },
      'store-round-trips'({ from, p50Ms, p99Ms }) {
        const side = from === 'bystander' ? 'bystander' : 'proxies'
        for (const [name, value] of Object.entries({ p50: p50Ms, p99: p99Ms }))
          figures[`store.roundTrip.${side}.${name}`] = Math.max(value, figures[`store.roundTrip.${side}.${name}`] ?? 0)
      },
      'store-resolution'({ p50Ms, p99Ms }) {
        resolved = true
        Object.assign(figures, { 'observer.resolution.p50': p50Ms, 'observer.resolution.p99': p99Ms })
      },
      'store-gap'(event) {
        const { node, since, at, because } = event
        observer.add(`nothing was seen of ${node} from ${seconds(since)} to ${seconds(at)}: ${because}`, event)
      },
      'store-census'(event) {
        const { provider, at, matched } = event
        if (!matched) observer.add(`the replayed state of ${provider} differed from the store at ${seconds(at)}`, event)
      },
      'store-lost'(event) {
        const { member, provider, since } = event
        lost.add(`Redis lost a change of ${member} at ${provider}, made at ${seconds(since)}`, event)
      },
      'fault-injected': event => void injected.set(event.id, event),
      receipt(event) {
        const { fault, id, landed, because } = event
        const mayMiss = injected.get(id)?.mayMiss
        injected.delete(id)
        receipts.push({ fault, landed, because })
        if (!landed && !mayMiss) unlanded.add(`${fault} (${id}) did not land: ${because}`, event)
      },
      generator(event) {
        const { latenessP50Ms, latenessP99Ms, dropped } = event
        generated = true
        Object.assign(figures, {
          'generator.latenessP50': latenessP50Ms,
          'generator.latenessP99': latenessP99Ms,
          'generator.dropped': dropped,
        })
        if (dropped) load.add(`${dropped} planned requests were never sent`, event)
        if (latenessP99Ms > mostLatenessMs)
          load.add(`requests left late: p99 ${latenessP99Ms.toFixed(1)} ms, at most ${mostLatenessMs} ms`, event)
      },
    },
    done() {
      const roundTrip = roundTripOf(figures)
      if (roundTrip !== undefined) figures['store.roundTrip.p99'] = roundTrip
      for (const [id, event] of injected) unlanded.add(`no receipt for fault ${id}`, event)
      if (!resolved) observer.add('the observer of the store told no resolution')
      if (!generated) load.add('nothing is known of how the load was played')
      if (counted) {
        if (requests) figures['store.commandsPerRequest'] = counted.commands / requests
        for (const [kind, count] of Object.entries(counted.errors)) figures[`store.errors.${kind}`] = count
        figures['store.errors'] = Object.values(counted.errors).reduce((sum, count) => sum + count, 0)
      }
      return {
        figures,
        receipts,
        unlanded: unlanded.list,
        lost: lost.list,
        observerFaults: observer.list,
        loadFaults: load.list,
      }
    },
  }
}

/** So much longer than a bystander's may a round trip from within a proxy's process take: the rest would be its own slowness. */
const mostBeyondBystanderMs = 25

/**
 * What a round trip takes from where the proxies stand, ms (p99). Their processes are woken, collected and crowded out as the
 * proxies are, so a noisy machine shows there; a bystander bounds it, or a proxy that blocks itself would be its own excuse.
 */
function roundTripOf(figures: Readonly<Record<string, number>>): number | undefined {
  const bystander = figures['store.roundTrip.bystander.p99']
  const proxies = figures['store.roundTrip.proxies.p99']
  if (bystander === undefined) return proxies
  return Math.max(bystander, Math.min(proxies ?? bystander, bystander + mostBeyondBystanderMs))
}
