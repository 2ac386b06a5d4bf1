/** Sessions that an operator ends: what of them runs on, and what begins anew before the mark is over. */
import type { Millis } from '../../proxy/ports.ts'
import { longestLeaseMs } from '../../proxy/provider.ts'
import type { Change, Ledger } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

export function terminations(): Meter {
  /** By session: when it was last ended. */
  const endedAt = new Map<string, Millis>()
  const undead = new Findings()
  let closed = 0

  function began({ seat, event }: Extract<Change, { kind: 'began' }>, { topology }: Ledger) {
    const ended = endedAt.get(seat.session)
    if (ended === undefined) return
    const after = event.at - ended
    // It is marked for the longest lease, counted in the store's time.
    if (after <= topology.transitMs || after >= longestLeaseMs(topology.providers) - seat.provider.heartbeatMs) return
    undead.add(
      `session ${seat.session} was sent to ${seat.provider.id} ${seconds(after)} after it had been ended`,
      event,
    )
  }

  function ended({ seat, event, beganAt }: Extract<Change, { kind: 'ended' }>, { topology }: Ledger) {
    const at = endedAt.get(seat.session)
    if (at === undefined || beganAt > at || event.at < at) return
    closed++
    // Other instances hear of it with their next beat.
    const after = event.since - at
    if (after <= seat.provider.heartbeatMs + topology.transitMs) return
    undead.add(
      `session ${seat.session} went on at ${seat.provider.id} for ${seconds(after)} after it had been ended`,
      event,
    )
  }

  return {
    on: {
      'fault-injected'({ takes, session, at }) {
        if (takes === 'session') endedAt.set(session!, at)
      },
    },
    when: { began, ended },
    done: () => ({
      figures: (endedAt.size
        ? { 'terminations.sessions': endedAt.size, 'terminations.attempts': closed }
        : {}) as Record<string, number>,
      undead: undead.list,
    }),
  }
}
