/** Refusals, and those among them that only ghosts can explain. */
import type { Event } from '../history.ts'
import type { Ledger } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

type Refused = Extract<Event, { kind: 'refused' }>

/**
 * A refusal is the proxy's own word, taken here because it speaks against itself; whether it was right is judged by the
 * providers' truth. It waits until those who were on their way have arrived.
 */
export function admission(): Meter {
  const waiting: Refused[] = []
  const ghosts = new Findings()
  let refusals = 0
  let requests = 0
  let failOpen = 0

  function judge(refused: Refused, ledger: Ledger) {
    const spec = ledger.topology.providers.find(({ id }) => id === refused.provider)
    if (!spec) return
    const entitled = entitledDuring(refused, ledger)
    if (spec.limit > 0 && entitled >= spec.limit) return
    ghosts.add(
      `${refused.provider} refused session ${refused.session} at ${seconds(refused.at)} with ${refused.count} members, although at most ${entitled} ${spec.unit}s could be there, limit ${spec.limit}`,
      refused,
    )
  }

  return {
    see(event, _change, ledger) {
      while (waiting.length && waiting[0]!.at + ledger.topology.transitMs < event.at) judge(waiting.shift()!, ledger)
      if (event.kind === 'client-sent') requests++
      if (event.at < ledger.judgedFrom) return
      if (event.kind === 'uncounted-admission') failOpen++
      if (event.kind !== 'refused') return
      refusals++
      waiting.push(event)
    },
    done(ledger) {
      for (const refused of waiting) judge(refused, ledger)
      const figures: Record<string, number> = requests
        ? { 'admission.refusals': refusals, 'admission.ghostRejections': ghosts.count, 'store.failOpen': failOpen }
        : {}
      return { figures, ghostRejections: ghosts.list }
    },
  }
}

/** How many may have had a right to a slot at some moment of the refusal, those on their way in or out included. */
function entitledDuring({ provider, at, waitedMs }: Refused, ledger: Ledger): number {
  const { membership, transitMs, windowMs, providers } = ledger.topology
  const unit = providers.find(({ id }) => id === provider)!.unit
  const from = at - waitedMs - transitMs
  let entitled = 0
  for (const seat of ledger.seatsAt(provider)) {
    const cameLately = seat.lastJoinedAt >= from
    if (unit === 'attempt') {
      const known = seat.attempts.size + seat.recentEnds.filter(end => end >= from).length
      entitled += Math.max(known, cameLately ? 1 : 0)
      continue
    }
    const there =
      seat.attempts.size > 0 ||
      (seat.ended !== undefined && seat.ended.event.at >= from) ||
      cameLately ||
      (membership === 'recently-active' && seat.lastSuccessAt + windowMs >= from)
    if (there) entitled++
  }
  return entitled
}
