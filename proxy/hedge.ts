/** A second attempt at another provider, where the first one's first byte is slow. Who speaks first wins. */
import type { Admission, Slot } from './admission.ts'
import { attempt } from './attempt.ts'
import type { Attempted } from './attempted.ts'
import type { Candidate, Candidates } from './choose.ts'
import type { HedgeSkipped } from './events.ts'
import { consequencesOf } from './failure.ts'
import type { Ports } from './ports.ts'
import type { Running } from './running.ts'

/** One request's race: who runs first, whom to ask else, and the way to a slot. */
export interface Race {
  first: Candidate
  candidates: Candidates
  running: Running
  ports: Ports
  admission: Admission
}

/**
 * Resolves with what decides: how the speaker ended, or the first one's failure when nobody is left who could speak. Losers
 * may outlast it (see `Running.over`). Takes over the slot and the permit of the first.
 */
export function race(entry: Race, slot: Slot): Promise<Attempted> {
  const { first, running, ports } = entry
  const { afterMs, loser } = first.standing.provider.hedge!
  running.losersDrain = loser === 'drain'
  return new Promise(resolve => {
    let open = 1
    let failed: Attempted
    const decide = (attempted: Attempted) => {
      cancel()
      resolve(attempted)
    }
    const leave = () => {
      if (--open === 0) decide(failed)
    }
    const cancel = ports.clock.after(afterMs, () => {
      if (running.settled) return
      open++
      const hedged = hedge(entry).then(attempted => {
        if (attempted && !isOut(attempted)) return decide(attempted)
        if (attempted?.outcome === 'failed') running.attempts.push(attempted)
        leave()
      })
      running.outlast(hedged)
    })
    const tried = attempt(first, slot, running, ports).then(attempted => {
      if (!isOut(attempted)) return decide(attempted)
      failed = attempted
      leave()
    })
    running.outlast(tried)
  })
}

/** It can no longer answer, and another may. */
const isOut = (attempted: Attempted) =>
  attempted.outcome === 'hedge-loss' || (attempted.outcome === 'failed' && consequencesOf(attempted.failure).elsewhere)

/** Undefined: nobody was called, and an event says why. A full provider is no error, and is not asked again. */
async function hedge({ first, candidates, running, ports, admission }: Race): Promise<Attempted | undefined> {
  const { request } = running
  const after = first.standing.provider.id
  const skip = (because: HedgeSkipped, provider?: string) =>
    ports.emit({ kind: 'hedge-skipped', request: request.id, ...(provider && { provider }), after, because })

  const candidate = candidates.next(ports.clock.now())
  if (!candidate) return void skip('nobody')
  const { standing, permit } = candidate
  const { id } = standing.provider
  if (!standing.budget.spend()) {
    candidates.putBack(candidate)
    return void skip('budget', id)
  }
  const slot = await admission.admit(standing.provider, request)
  if (slot.admitted && !running.settled) {
    candidates.called()
    ports.emit({ kind: 'hedge-launched', request: request.id, provider: id, after, token: slot.token })
    return attempt(candidate, slot, running, ports)
  }
  standing.budget.giveBack()
  standing.breaker.left(permit)
  if (!slot.admitted) {
    running.attempts.push({ outcome: 'refused' })
    return void skip('full', id)
  }
  slot.release('unused')
  return void skip('late', id)
}
