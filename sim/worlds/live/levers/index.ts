/** All levers of the live world, on real processes and a real cluster. */
import type { Levers } from '../../../levers.ts'
import type { LiveCluster } from '../cluster/index.ts'
import type { LiveLoad } from '../load/index.ts'
import type { LiveProviders } from '../providers/index.ts'
import type { LiveProxy } from '../proxies/index.ts'
import { createFills, type Fills } from './fills.ts'
import { nodeLever } from './node.ts'
import { proxyLever } from './proxy.ts'
import { slotLever } from './slot.ts'
import { storeLever } from './store.ts'

/** What the levers pull on. */
export interface Parts {
  cluster: LiveCluster
  providers: LiveProviders
  proxies: readonly LiveProxy[]
  load: LiveLoad
  /** The key of a provider's active set. */
  membersKey(provider: string): string
  fills: Fills
  /** Slots on their way. */
  moving: Set<number>
}

export function liveLevers(given: Omit<Parts, 'fills' | 'moving'>): Omit<Levers, 'link'> {
  const parts = { ...given, fills: createFills(), moving: new Set<number>() }
  return {
    provider: id => parts.providers.lever(id),
    node: provider => nodeLever(parts, provider),
    store: () => storeLever(parts),
    slot: provider => slotLever(parts, provider),
    proxy: instance => proxyLever(parts, instance),
  }
}
