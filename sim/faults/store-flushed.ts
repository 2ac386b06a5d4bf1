import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: slots that are held are unknown until they are renewed. */
export const storeFlushed = pulling({
  name: 'store-flushed',
  claim: 'the node that owns a provider’s slot forgets all keys (FLUSHALL)',
  needs: ['node'],
  aims: ['provider'],
  takes: 'members',
  pull: (levers, call) => levers.node(providerOf(call)).flush(),
})
