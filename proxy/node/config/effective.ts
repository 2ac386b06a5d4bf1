/** A configuration file as the parts of the proxy want it. */
import type { ProxyConfig } from '../../config.ts'
import type { Provider } from '../../provider.ts'
import type { RedisAddress } from '../redis.ts'
import type { ProviderFile, ProxyFile } from './schema.ts'

export const proxyConfigOf = (file: ProxyFile, instance: string): ProxyConfig => ({
  instance,
  instances: file.instances,
  providers: file.providers.map(providerOf),
  whenStoreIsAway: file.whenStoreIsAway,
  strict: file.strict,
  stickyMs: file.stickyMs,
  providersPerRequest: file.providersPerRequest,
  backOff: file.backOff,
  mostRequests: file.limits.requests,
})

/** Without what names its key: the core has no use for it. */
function providerOf({ keyFrom: _, auth: __, ...provider }: ProviderFile): Provider {
  return provider
}

export function addressOf(text: string): RedisAddress {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}
