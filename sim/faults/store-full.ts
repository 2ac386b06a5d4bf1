import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: what frees memory still works. */
export const storeFull = pulling({
  name: 'store-full',
  claim: 'the node that owns a provider’s slot has no memory left: writes that grow are refused (OOM)',
  needs: ['node'],
  aims: ['provider'],
  takes: 'room',
  pull: (levers, call) => levers.node(providerOf(call)).fill(),
})
