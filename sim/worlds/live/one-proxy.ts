/** A whole proxy in this process, on real sockets: fake providers on one side, whoever calls on the other, and no Redis. */
import { type Manners, usualManners } from '../../../proxy/config.ts'
import type { ProxyEvent } from '../../../proxy/events.ts'
import { type ProxyOptions, type RunningProxy, startInstance } from '../../../proxy/node/instance.ts'
import { type Provider, usualProvider } from '../../../proxy/provider.ts'
import { anchor, sessionsKey } from '../../../proxy/tracker/keys.ts'
import { lease } from '../../../proxy/tracker/lease.ts'
import type { Event, ProviderEvent } from '../../history.ts'
import type { Pace } from '../../providers/model.ts'
import { type MemoryStore, memoryStore } from './memory-store.ts'
import { type ServedProviders, serveProviders } from './providers/serve.ts'

export interface OneProxyOptions {
  /** Fake providers with these ids, each at this pace; one named by an address of its own is not served here. */
  providers: readonly (Partial<Provider> & Pick<Provider, 'id'>)[]
  pace?: Pace
  manners?: Partial<Manners>
  /** False: what is told and seen is not kept, for storms that would fill the memory with it. */
  keep?: boolean
  /** Anything else that an instance can be told. */
  instance?: Partial<Omit<ProxyOptions, 'config' | 'emit'>>
}

export interface OneProxy extends RunningProxy {
  store: MemoryStore
  served: ServedProviders
  /** What the proxy told, and what the providers saw. */
  told: ProxyEvent[]
  seen: ProviderEvent[]
  /** The sessions that the store counts at a provider. */
  sessionsAt(provider: string): string[]
  [Symbol.asyncDispose](): Promise<void>
}

const brisk: Pace = { firstByteMs: 2, tokens: 4, tokenMs: 1, spread: 0 }

export async function openOneProxy({
  providers,
  pace = brisk,
  manners,
  keep = true,
  instance,
}: OneProxyOptions): Promise<OneProxy> {
  const store = memoryStore()
  const told: ProxyEvent[] = []
  const seen: ProviderEvent[] = []
  const served = await serveProviders({
    seed: 1,
    providers: providers.filter(({ baseUrl }) => !baseUrl).map(({ id }) => ({ id, pace })),
    emit: (event: Event) => void (keep && seen.push(event as ProviderEvent)),
  })
  const config = {
    ...usualManners,
    instance: 'one',
    instances: 1,
    stickyMs: 0,
    ...manners,
    providers: providers.map((given, n) => ({
      ...usualProvider,
      limit: 10,
      priority: n,
      heartbeatMs: 500,
      baseUrl: `http://127.0.0.1:${served.ports[given.id]}`,
      ...given,
    })),
  }
  const options = { tracker: lease, windowMs: 0, keys: [], port: 0, ...instance, config }
  const running = await startInstance(store, { ...options, emit: event => void (keep && told.push(event)) })
  return {
    ...running,
    store,
    served,
    told,
    seen,
    sessionsAt: provider =>
      store.membersOf(sessionsKey(provider)).flatMap(member => (member === anchor ? [] : [member])),
    async [Symbol.asyncDispose]() {
      await running.close(1_000)
      await served.stop()
    },
  }
}
