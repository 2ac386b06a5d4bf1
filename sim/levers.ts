/** All that a fault may pull. Levers aim by meaning ("this provider"), and each returns the way back. */
import type { Behaviour, Shown } from './providers/model.ts'

export interface ProviderLever {
  /** From now on the provider behaves so; the answer is the way back to what it did before. */
  behave(behaviour: Behaviour): Promise<() => Promise<void>>
  /** How many attempts this provider has answered so far, by what they showed. */
  answered(): Promise<Readonly<Partial<Record<Shown, number>>>>
}

export interface Levers {
  provider(id: string): ProviderLever
}
