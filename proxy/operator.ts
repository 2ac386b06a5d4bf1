/** What an operator may do from outside, as far as the tracker knows how. */
import { longestLeaseMs, type Provider } from './provider.ts'
import { memberOf } from './tracker/keys.ts'
import type { AuditReport, Tracker } from './tracker/tracker.ts'

export interface Operator {
  /**
   * Ends a session everywhere: its attempts here are aborted now, those on other instances at their next heartbeat; slots
   * go back when each upstream is closed. It stays ended for the longest lease of all providers. Answers how many attempts the store has marked, over all providers.
   */
  terminate(session: string): Promise<{ attempts: number }>
  /** Members of each provider's active set (anchor left out), one call per slot, in parallel. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** Rebuilds a provider's counts from its attempts, in bounded batches. */
  audit(provider: string): Promise<AuditReport>
}

/** Every method rejects, and does nothing, where the tracker has no such actions. `endHere` ends a session's work on this instance. */
export function createOperator(
  providers: ReadonlyMap<string, Provider>,
  tracker: Tracker,
  endHere: (member: string) => void,
): Operator {
  const actions = () => {
    if (!tracker.operator) throw new Error('this tracker has no operator’s actions: only the reference has')
    return tracker.operator
  }
  return {
    async terminate(session) {
      const member = memberOf(session)
      const { terminate } = actions()
      const all = [...providers.values()]
      // Equally long everywhere: a mark that outlives the others ends what was rightly admitted elsewhere since.
      const lastsMs = longestLeaseMs(all)
      // The marks leave first: what is released here counts as ended by the operator, and not as gone by itself.
      const marking = Promise.all(all.map(provider => terminate(provider, member, lastsMs)))
      endHere(member)
      return { attempts: (await marking).reduce((sum, marked) => sum + marked, 0) }
    },
    async counts() {
      const { count } = actions()
      const counted = [...providers.values()].map(async provider => [provider.id, await count(provider)] as const)
      return Object.fromEntries(await Promise.all(counted))
    },
    async audit(id) {
      const provider = providers.get(id)
      if (!provider) throw new Error(`no provider ${id}`)
      return actions().audit(provider)
    },
  }
}
