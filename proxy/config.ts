/** What one proxy instance is told. */
import type { Provider } from './provider.ts'

/** How to admit while the store cannot be asked: the instance's share of the limit, nobody, or everybody. Each such admission is counted. */
export type StorePolicy = 'local' | 'closed' | 'open'

export interface ProxyConfig {
  /** Unique among the instances that share the store; letters, digits and `-`. */
  instance: string
  /** How many instances share the store: `local` divides limits by it. */
  instances: number
  providers: readonly Provider[]
  whenStoreIsAway: StorePolicy
}
