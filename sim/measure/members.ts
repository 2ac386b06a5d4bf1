/** How many members the sets hold, and whether there were more than a limit allows once the world was whole again. */
import { Findings, type Meter, seconds } from './meter.ts'

export function members(): Meter {
  const sizes = new Map<string, number>()
  const crowded = new Findings()
  let most = 0
  let mostAfterHeal: number | undefined
  return {
    see(event, change, ledger) {
      if (change?.kind !== 'joined' && change?.kind !== 'left') return
      const { id, limit, heartbeatMs } = change.seat.provider
      const size = (sizes.get(id) ?? 0) + (change.kind === 'joined' ? 1 : -1)
      sizes.set(id, size)
      most = Math.max(most, size)
      const wholeFrom = (ledger.healedAt ?? ledger.judgedFrom) + heartbeatMs + ledger.topology.transitMs
      if (event.at < wholeFrom) return
      mostAfterHeal = Math.max(mostAfterHeal ?? 0, size)
      if (limit > 0 && size > limit)
        crowded.add(`${id} had ${size} members, limit ${limit}, at ${seconds(event.at)}`, event)
    },
    done: () => ({
      figures: {
        ...(sizes.size && { 'members.max': most }),
        ...(mostAfterHeal !== undefined && { 'members.maxAfterHeal': mostAfterHeal }),
      } as Record<string, number>,
      crowded: crowded.list,
    }),
  }
}
