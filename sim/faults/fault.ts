/** A Fault is one kind of trouble. Injecting it returns its own cure, so none can be written without one. */
import type { Clock } from '../../proxy/ports.ts'
import type { Levers, Receipt } from '../levers.ts'

/**
 * `store`: it cannot be asked, or not in time, and what it acknowledged last may be lost. `room`: it admits nobody.
 * `members`: it forgets what it held. `requests`: an instance dies with those that are open in it. `time`: an instance does nothing while it lasts. `order`:
 * the store holds members that nobody will release. `session`: an operator ends one.
 */
export type Taken = 'store' | 'room' | 'members' | 'requests' | 'time' | 'order' | 'session'

export type Heal = () => Promise<void>

/** All that a fault may do with time. */
export type Time = Pick<Clock, 'sleep'>

/** A fault as it stands in a plan: printable, and enough to inject it again. */
export interface FaultCall {
  fault: string
  /** What it is aimed at: see the fault's `aims`. */
  provider?: string
  instance?: number
  [parameter: string]: string | number | undefined
}

export interface Fault {
  name: string
  /** One line for `stormproof list`. */
  claim: string
  /** The levers it pulls; a world that lacks one skips the scenario, with the reason. */
  needs: readonly (keyof Levers)[]
  /** What its call must name. */
  aims: readonly ('provider' | 'instance')[]
  /** What it takes from the proxies: what follows from that alone is no fault of theirs. */
  takes?: Taken | ((call: FaultCall) => Taken | undefined)
  /** Rejects, and does nothing, where the call says what cannot be. `receipt` is asked after the heal. */
  inject(levers: Levers, call: FaultCall, time: Time): Promise<{ heal: Heal; receipt(): Promise<Receipt> }>
}
