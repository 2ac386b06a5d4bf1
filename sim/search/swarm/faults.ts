/** Faults that come later, take longer or shorter, fail otherwise, and overlap. */
import type { Millis } from '../../../proxy/ports.ts'
import type { FaultCall } from '../../faults/fault.ts'
import type { Scenario, ScheduledFault } from '../../scenario.ts'
import type { ProviderSpec, Topology } from '../../topology.ts'
import { type Draw, shortestAttemptMs, statuses } from './ranges.ts'

export interface Surroundings {
  providers: readonly ProviderSpec[]
  /** Where an instant of the scenario lies now. */
  time(at: Millis): Millis
  storm: { from: Millis; to: Millis }
  endAt: Millis
  toStore: Topology['toStore'] | undefined
  draw: Draw
}

export function swarmedFaults(
  { faults, alsoUnder = [] }: Pick<Scenario, 'faults' | 'alsoUnder'>,
  around: Surroundings,
): ScheduledFault[] {
  const storm = faults.flatMap((fault, n) => {
    const first = moved(fault, String(n), around)
    return [first, ...second(first, String(n), around)]
  })
  return [...storm, ...extra(alsoUnder, around)]
}

/** Whether what a fault leaves is only gone after a lease, for which the scenario has made room. */
export const needsLeases = ({ faults }: Pick<Scenario, 'faults'>): boolean =>
  faults.some(({ call }) => !call.fault.startsWith('provider-'))

/** One of those that the scenario allows, somewhere in the storm. */
function extra(allowed: readonly FaultCall[], { storm, toStore, draw }: Surroundings): ScheduledFault[] {
  const share = draw('extraFault', -1)
  if (share < 0 || !allowed.length) return []
  const call = allowed[Math.floor(share * allowed.length)]!
  const length = storm.to - storm.from
  const at = Math.round(storm.from + length * draw('extraStart', 0.2))
  const lasts = Math.round(length * draw('extraLength', 0.3))
  return [{ at, for: lasts, call: changed(call, 'extra', toStore, draw), mayMiss: true }]
}

function moved(fault: ScheduledFault, key: string, { time, endAt, toStore, draw }: Surroundings): ScheduledFault {
  const from = time(fault.at)
  const lasts = time(fault.at + fault.for) - from
  const at = Math.round(from + lasts * draw('faultStart', 0, key))
  const length = Math.round(Math.min(lasts * draw('faultLength', 1, key), endAt - at))
  return { ...fault, at, for: length, call: changed(fault.call, key, toStore, draw) }
}

/** How long it delays or pauses, by the names that faults give it. */
const delays = ['ms', 'pauseMs', 'forMs'] as const

/** Only parameters that the call has: what another kind of fault takes is not known here. */
function changed(call: FaultCall, key: string, toStore: Surroundings['toStore'], draw: Draw): FaultCall {
  const { status, ratio, afterMs, count } = call
  const shortest = toStore ? Math.ceil(shortestAttemptMs(toStore.maxMs)) : 0
  const drawn = statuses[draw('status', -1, key)]
  const paced = delays.flatMap(name => {
    const usual = call[name]
    return typeof usual === 'number' ? [[name, Math.ceil(usual * draw('faultPace', 1, key, name))]] : []
  })
  return {
    ...call,
    ...Object.fromEntries(paced),
    ...(status !== undefined && drawn !== undefined && { status: drawn }),
    ...(typeof ratio === 'number' && { ratio: draw('ratio', ratio, key) }),
    ...(typeof count === 'number' && { count: Math.ceil(count * draw('planted', 1, key)) }),
    ...(typeof afterMs === 'number' && { afterMs: Math.max(shortest, draw('afterMs', afterMs, key)) }),
  }
}

/** Another one while the first stands. It begins before the first ends, so that somebody feels it. */
function second(
  first: ScheduledFault,
  key: string,
  { providers, endAt, toStore, draw }: Surroundings,
): ScheduledFault[] {
  const kind = draw('secondFault', 0, key)
  // How another kind of fault overlaps with itself is not known here.
  if (kind === 0 || first.call.status === undefined) return []
  const { provider } = first.call
  const others = providers.filter(({ id }) => id !== provider)
  const where = kind === 1 ? provider : others[0]?.id
  if (where === undefined) return []
  const at = Math.round(first.at + first.for * draw('secondStart', 0.4, key))
  const length = Math.round(Math.min(first.for * draw('faultLength', 1, key, 'second'), endAt - at))
  const call = changed({ ...first.call, provider: where }, `${key} second`, toStore, draw)
  return [{ at, for: length, call, mayMiss: true }]
}
