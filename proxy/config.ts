/** What one proxy instance is told. */
import type { Millis } from './ports.ts'
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
  /** Different providers called per request at most. One that is passed over (full, open, told to wait) does not count. */
  providersPerRequest: number
  /** Full jitter below base·2^n, capped (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
  backOff: { baseMs: Millis; capMs: Millis }
  /** How long a session prefers the provider it last succeeded with; 0: no stickiness. */
  stickyMs: Millis
  /** Abort attempts whose lease can no longer be vouched for (self-fence), instead of only reporting them. */
  strict: boolean
  /** Requests of this instance at once; beyond it a request is answered 503 at once. */
  mostRequests: number
}

/** How a proxy behaves, whoever it is and whichever providers it has. */
export type Manners = Omit<ProxyConfig, 'instance' | 'instances' | 'providers'>

/** What a proxy does where nobody says otherwise. */
export const usualManners: Manners = {
  whenStoreIsAway: 'local',
  providersPerRequest: 3,
  backOff: { baseMs: 50, capMs: 2_000 },
  stickyMs: 300_000,
  strict: false,
  mostRequests: 10_000,
}
