/** How many members the sets hold, and whether there were more than a limit allows once the world was whole again. */
import { mostInFlight } from '../../proxy/provider.ts'
import type { Change, Ledger } from './ledger.ts'
import { Findings, type Meter, seconds } from './meter.ts'

export function members(): Meter {
  const sizes = new Map<string, number>()
  const crowded = new Findings()
  let most = 0
  let mostAfterHeal: number | undefined

  function changed({ kind, seat, event }: Extract<Change, { kind: 'joined' | 'left' }>, ledger: Ledger) {
    const { id, limit, heartbeatMs } = seat.provider
    const size = (sizes.get(id) ?? 0) + (kind === 'joined' ? 1 : -1)
    sizes.set(id, size)
    most = Math.max(most, size)
    const wholeFrom = (ledger.healedAt ?? ledger.judgedFrom) + heartbeatMs + ledger.topology.transitMs
    if (event.at < wholeFrom) return
    mostAfterHeal = Math.max(mostAfterHeal ?? 0, size)
    if (size > mostInFlight(seat.provider))
      crowded.add(`${id} had ${size} members, limit ${limit}, at ${seconds(event.at)}`, event)
  }

  return {
    when: { joined: changed, left: changed },
    done: () => ({
      figures: {
        ...(sizes.size && { 'members.max': most }),
        ...(mostAfterHeal !== undefined && { 'members.maxAfterHeal': mostAfterHeal }),
      } as Record<string, number>,
      crowded: crowded.list,
    }),
  }
}
