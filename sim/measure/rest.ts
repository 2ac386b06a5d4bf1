/** Who is still a member when everything has stopped. */
import { sessionOf } from '../../proxy/tracker/keys.ts'
import { Findings, type Meter, seconds } from './meter.ts'

export function rest(): Meter {
  const phantoms = new Findings()
  const seen = new Set<string>()
  return {
    on: {
      'store-census'({ provider, members, since }, ledger) {
        if (ledger.phase !== 'rest' || seen.has(provider)) return
        seen.add(provider)
        for (const member of members) {
          const session = sessionOf(member) ?? member
          const seat = ledger.seat(provider, session)
          if (seat && ledger.excusedUntil(seat) >= since) continue
          const ended = seat?.ended
          const after = ended
            ? `stayed ${seconds(since - ended.event.at)} in {provider:${provider}} after its last attempt ended (${ended.cause}) at ${seconds(ended.event.at)}`
            : `is in {provider:${provider}} and never had an attempt there`
          phantoms.add(`session ${session} ${after}`, ...(ended ? [ended.event] : []))
        }
      },
    },
    done: () => ({
      figures: (seen.size ? { 'rest.phantoms': phantoms.count } : {}) as Record<string, number>,
      phantomsAtRest: phantoms.list,
    }),
  }
}
