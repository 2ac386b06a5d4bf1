/** All levers of the live world, on real processes and a real cluster. */
import type { WorldLevers } from '../../../levers.ts'
import type { LiveCluster } from '../cluster/index.ts'
import type { JoinedCluster } from '../cluster/joined.ts'
import type { LiveLinks } from '../links/index.ts'
import type { LiveLoad } from '../load/index.ts'
import type { LiveProviders } from '../providers/index.ts'
import type { LiveProxy } from '../proxies/index.ts'
import { createFills, type Fills } from './fills.ts'
import { linkLever } from './link.ts'
import { nodeLever } from './node.ts'
import { proxyLever } from './proxy.ts'
import { slotLever } from './slot.ts'
import { storeLever } from './store.ts'

/** What the levers pull on. */
export interface Parts {
  cluster: LiveCluster | JoinedCluster
  providers: LiveProviders
  proxies: readonly LiveProxy[]
  load: LiveLoad
  /** The key of a provider's active set. */
  membersKey(provider: string): string
  /** Where nothing needs them they are not there. */
  links?: LiveLinks
  fills: Fills
  /** Slots on their way. */
  moving: Set<number>
}

export function liveLevers(given: Omit<Parts, 'fills' | 'moving'>): WorldLevers {
  const { links, cluster } = given
  const parts = { ...given, fills: createFills(), moving: new Set<number>() }
  return {
    provider: id => parts.providers.lever(id),
    proxy: instance => proxyLever(parts, instance),
    ...((cluster.ours || cluster.allowDestructive) && {
      node: provider => nodeLever(parts, provider),
      slot: provider => slotLever(parts, provider),
    }),
    ...(cluster.ours && { store: () => storeLever(cluster) }),
    ...(links && { link: aim => linkLever(parts, links, aim) }),
  }
}
