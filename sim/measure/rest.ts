/** Who is still a member when everything has stopped. */
import { sessionOf } from '../../proxy/tracker/keys.ts'
import { Findings, type Meter, seconds } from './meter.ts'

export function rest(): Meter {
  const phantoms = new Findings()
  const seen = new Set<string>()
  return {
    see(event, _change, ledger) {
      if (event.kind !== 'store-census' || ledger.phase !== 'rest' || seen.has(event.provider)) return
      seen.add(event.provider)
      for (const member of event.members) {
        const session = sessionOf(member) ?? member
        const seat = ledger.seat(event.provider, session)
        if (seat && ledger.excusedUntil(seat) >= event.since) continue
        const ended = seat?.ended
        const after = ended
          ? `stayed ${seconds(event.since - ended.event.at)} in {provider:${event.provider}} after its last attempt ended (${ended.cause}) at ${seconds(ended.event.at)}`
          : `is in {provider:${event.provider}} and never had an attempt there`
        phantoms.add(`session ${session} ${after}`, ...(ended ? [ended.event] : []))
      }
    },
    done: () => ({
      figures: (seen.size ? { 'rest.phantoms': phantoms.count } : {}) as Record<string, number>,
      phantomsAtRest: phantoms.list,
    }),
  }
}
