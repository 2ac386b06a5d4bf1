/** Refusals, and those among them that only ghosts can explain; and admissions of which the store was not asked. */
import { mostInFlight } from '../../proxy/provider.ts'
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
  const failed = new Findings()
  /** Under the declared policy: admissions, those among them that nothing excuses, and refusals. */
  const policy = { admitted: 0, unexcused: 0, refused: 0, lastAt: Number.NEGATIVE_INFINITY }

  function withoutStore(
    event: Extract<Event, { kind: 'uncounted-admission' | 'refused-without-store' }>,
    ledger: Ledger,
  ) {
    if (event.at < ledger.judgedFrom) return
    policy.lastAt = event.at
    failed.add(
      `${event.provider} was not asked for session ${event.session} at ${seconds(event.at)}: ${event.because}`,
      event,
    )
    if (event.kind === 'refused-without-store') policy.refused++
    else {
      policy.admitted++
      if (!ledger.trouble.admitsNobody(event.at)) policy.unexcused++
    }
  }

  function judge(refused: Refused, ledger: Ledger) {
    const spec = ledger.topology.providers.find(({ id }) => id === refused.provider)
    // What piled up while the store was away is no ghost.
    if (!spec || ledger.trouble.storeAway(refused.at - refused.waitedMs, refused.at)) return
    const entitled = entitledDuring(refused, ledger)
    if (entitled >= mostInFlight(spec)) return
    ghosts.add(
      `${refused.provider} refused session ${refused.session} at ${seconds(refused.at)} with ${refused.count} members, although at most ${entitled} ${spec.unit}s could be there, limit ${spec.limit}`,
      refused,
    )
  }

  return {
    passed(now, ledger) {
      while (waiting.length && waiting[0]!.at + ledger.topology.transitMs < now) judge(waiting.shift()!, ledger)
    },
    on: {
      'client-sent'() {
        requests++
      },
      'uncounted-admission': withoutStore,
      'refused-without-store': withoutStore,
      refused(event, { judgedFrom }) {
        if (event.at < judgedFrom) return
        refusals++
        waiting.push(event)
      },
    },
    done(ledger) {
      for (const refused of waiting) judge(refused, ledger)
      if (requests === 0) return { figures: {}, ghostRejections: [], failedAdmissions: [] }
      const figures: Record<string, number> = {
        'admission.refusals': refusals,
        'admission.ghostRejections': ghosts.count,
        'admission.failed': failed.count,
        'store.failOpen': policy.admitted,
        'store.failOpenUnexcused': policy.unexcused,
        'store.failClosed': policy.refused,
      }
      if (failed.count && ledger.healedAt !== undefined)
        figures['store.policyEndsAfterHealMs'] = Math.max(0, policy.lastAt - ledger.healedAt)
      return { figures, ghostRejections: ghosts.list, failedAdmissions: failed.list }
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
      entitled += Math.max(ledger.attemptsCounted(seat, from), cameLately ? 1 : 0)
      continue
    }
    const there =
      seat.attempts.size > 0 ||
      (seat.ended !== undefined && seat.ended.event.at >= from) ||
      cameLately ||
      ((seat.joinedAt !== undefined || (seat.left?.at ?? 0) >= from) && ledger.excusedUntil(seat) >= from) ||
      (membership === 'recently-active' && seat.lastSuccessAt + windowMs >= from)
    if (there) entitled++
  }
  return entitled
}
