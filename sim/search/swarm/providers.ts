/** Other limits, other paces, more or fewer providers. */
import type { Millis } from '../../../proxy/ports.ts'
import type { Pace } from '../../providers/model.ts'
import type { Scenario } from '../../scenario.ts'
import type { ProviderSpec } from '../../topology.ts'
import { needsLeases } from './faults.ts'
import { type Draw, shortestAttemptMs } from './ranges.ts'

export function swarmedProviders(
  { topology, paces, faults, alsoUnder = [] }: Scenario,
  toStoreMaxMs: Millis | undefined,
  draw: Draw,
): { providers: ProviderSpec[]; paces: Record<string, Pace> } {
  const needed = new Set([...faults.map(({ call }) => call), ...alsoUnder].map(({ provider }) => provider))
  const last = topology.providers.at(-1)!
  const drops = draw('dropped', 0) === 1 && topology.providers.length > 1 && !needed.has(last.id)
  const kept = drops ? topology.providers.slice(0, -1) : topology.providers
  const added = Array.from(
    { length: draw('added', 0) },
    (_, n): ProviderSpec => ({ ...last, id: `more-${n + 1}`, priority: last.priority + 1 + n }),
  )
  const longestHeartbeatMs = (usual: Millis) => (needsLeases({ faults }) ? usual : Number.POSITIVE_INFINITY)
  const equal = draw('equals', 0) === 1
  const providers = [...kept, ...added].map(
    (spec): ProviderSpec => ({
      ...spec,
      limit: Math.max(1, Math.round(spec.limit * draw('limit', 1, spec.id))),
      unit: draw('unit', spec.unit === 'attempt' ? 1 : 0, spec.id) === 1 ? 'attempt' : 'session',
      heartbeatMs: Math.min(draw('heartbeatMs', spec.heartbeatMs, spec.id), longestHeartbeatMs(spec.heartbeatMs)),
      tombstoneMs: draw('tombstoneMs', spec.tombstoneMs, spec.id),
      priority: equal ? 1 : spec.priority,
      // Whoever is to fail must be asked now and then.
      weight: Math.max(needed.has(spec.id) ? 1 : 0, draw('weight', spec.weight, spec.id)),
    }),
  )
  const shortest = toStoreMaxMs === undefined ? 0 : shortestAttemptMs(toStoreMaxMs)
  const paceOf = ({ id }: ProviderSpec): Pace => swarmedPace(id, paces[id] ?? paces[last.id]!, shortest, draw)
  return { providers, paces: Object.fromEntries(providers.map(spec => [spec.id, paceOf(spec)])) }
}

const swarmedPace = (id: string, pace: Pace, shortest: Millis, draw: Draw): Pace => ({
  firstByteMs: Math.round(Math.max(shortest, pace.firstByteMs * draw('firstByte', 1, id))),
  tokens: Math.max(1, Math.round(pace.tokens * draw('tokens', 1, id))),
  tokenMs: Math.round(pace.tokenMs * draw('tokenMs', 1, id)),
  spread: draw('spread', pace.spread, id),
})
