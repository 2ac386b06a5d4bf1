/** A Fault is one kind of trouble. Injecting it returns its own cure, so none can be written without one. */
import type { Levers } from '../levers.ts'

export type Heal = () => Promise<void>

/** What came of a fault: proof that it landed, or why there is none. Asked after the heal. */
export interface Receipt {
  landed: boolean
  because: string
}

/** A fault as it stands in a plan: printable, and enough to inject it again. */
export interface FaultCall {
  fault: string
  provider: string
  [parameter: string]: string | number
}

export interface Fault {
  name: string
  /** One line for `stormproof list`. */
  claim: string
  /** The levers it pulls; a world that lacks one skips the scenario, with the reason. */
  needs: readonly (keyof Levers)[]
  inject(levers: Levers, call: FaultCall): Promise<{ heal: Heal; receipt(): Promise<Receipt> }>
}
