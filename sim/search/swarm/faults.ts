/** Faults that come later, take longer or shorter, fail otherwise, and overlap. */
import type { Millis } from '../../../proxy/ports.ts'
import type { FaultCall } from '../../faults/fault.ts'
import type { ScheduledFault } from '../../scenario.ts'
import type { ProviderSpec, Topology } from '../../topology.ts'
import { type Draw, shortestAttemptMs, statuses } from './ranges.ts'

export interface Surroundings {
  providers: readonly ProviderSpec[]
  /** Where an instant of the scenario lies now. */
  time(at: Millis): Millis
  endAt: Millis
  toStore: Topology['toStore'] | undefined
  draw: Draw
}

export function swarmedFaults(faults: readonly ScheduledFault[], around: Surroundings): ScheduledFault[] {
  return faults.flatMap((fault, n) => {
    const first = moved(fault, String(n), around)
    return [first, ...second(first, String(n), around)]
  })
}

function moved(fault: ScheduledFault, key: string, { time, endAt, toStore, draw }: Surroundings): ScheduledFault {
  const from = time(fault.at)
  const lasts = time(fault.at + fault.for) - from
  const at = Math.round(from + lasts * draw('faultStart', 0, key))
  const length = Math.round(Math.min(lasts * draw('faultLength', 1, key), endAt - at))
  return { at, for: length, call: changed(fault.call, key, toStore, draw) }
}

/** Only parameters that the call has: what another kind of fault takes is not known here. */
function changed(call: FaultCall, key: string, toStore: Surroundings['toStore'], draw: Draw): FaultCall {
  const { status, ratio, afterMs } = call
  const shortest = toStore ? Math.ceil(shortestAttemptMs(toStore.maxMs)) : 0
  const drawn = statuses[draw('status', -1, key)]
  return {
    ...call,
    ...(status !== undefined && drawn !== undefined && { status: drawn }),
    ...(typeof ratio === 'number' && { ratio: draw('ratio', ratio, key) }),
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
  return [{ at, for: length, call }]
}
