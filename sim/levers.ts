/** All that a fault may pull. Levers aim by meaning ("this provider"), and each returns the way back. */
import type { Behaviour } from './providers/model.ts'

export interface ProviderLever {
  /** From now on the provider behaves so; returns the way back to what it did before. */
  behave(behaviour: Behaviour): Promise<() => Promise<void>>
  /** How many attempts this provider has answered under each kind of behaviour so far. */
  affected(): Promise<Readonly<Partial<Record<Behaviour['kind'], number>>>>
}

export interface Levers {
  provider(id: string): ProviderLever
}
