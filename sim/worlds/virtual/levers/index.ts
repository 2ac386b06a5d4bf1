/** All levers of the virtual world, on its own parts. */
import type { Clock } from '../../../../proxy/ports.ts'
import type { Levers } from '../../../levers.ts'
import type { VirtualCluster } from '../../../redis/cluster.ts'
import type { Instance } from '../instance.ts'
import type { Network } from '../network.ts'
import type { VirtualProviders } from '../providers.ts'
import { linkLever } from './link.ts'
import { nodeLever } from './node.ts'
import { providerLever } from './provider.ts'
import { proxyLever } from './proxy.ts'
import { slotLever } from './slot.ts'
import { storeLever } from './store.ts'

/** What the levers pull on. */
export interface Parts {
  clock: Clock
  cluster: VirtualCluster
  network: Network
  providers: VirtualProviders
  instances: readonly Instance[]
  /** The key of a provider's active set. */
  membersKey(provider: string): string
}

export const virtualLevers = (parts: Parts): Levers => ({
  provider: id => providerLever(parts, id),
  node: provider => nodeLever(parts, provider),
  store: () => storeLever(parts),
  slot: provider => slotLever(parts, provider),
  link: aim => linkLever(parts, aim),
  proxy: instance => proxyLever(parts, instance),
})
