/** A Scenario is a storm and a claim, as plain data. */
import type { Millis } from '../proxy/ports.ts'
import type { Check } from './checks/check.ts'
import type { FaultCall } from './faults/fault.ts'
import type { Load } from './load/load.ts'
import type { Pace } from './providers/model.ts'
import type { RangeName } from './search/swarm/ranges.ts'
import type { Topology } from './topology.ts'

export interface ScheduledFault {
  at: Millis
  for: Millis
  call: FaultCall
  /** Where nobody meets it the storm can be judged all the same: a swarm has added it, or it is one of many. */
  mayMiss?: true
}

export interface Scenario {
  name: string
  claim: string
  worlds: readonly ('live' | 'virtual')[]
  topology: Topology
  /** How quickly each provider answers; by provider id. */
  paces: Readonly<Record<string, Pace>>
  /** When each phase starts; the rest begins when the last request has ended. */
  phases: { baselineAt: Millis; stormAt: Millis; recoveryAt: Millis; endAt: Millis }
  load: readonly Load[]
  faults: readonly ScheduledFault[]
  /** Faults that a swarm may add while the storm lasts, because every claim holds under them as well. */
  alsoUnder?: readonly FaultCall[]
  /** What a swarm leaves alone, by the names of its ranges: the claim holds, or can be judged, with these values only. */
  fixed?: readonly RangeName[]
  /** How many usual runs one of it takes, where that is more than one: it is played on so many times fewer seeds. */
  costs?: number
  checks: readonly Check[]
  /** Wrong trackers that must be caught here: each must fail every check of this scenario that it says it breaks. */
  catches: readonly string[]
  /** Wrong trackers that this storm alone does not expose, and that must pass it: they show what it takes. */
  spares: readonly string[]
}
