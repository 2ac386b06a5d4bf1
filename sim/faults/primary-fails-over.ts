import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: nothing is lost, but connections lead to the wrong node. */
export const primaryFailsOver = pulling({
  name: 'primary-fails-over',
  claim: 'the primary that owns a provider’s slot hands over to its replica (CLUSTER FAILOVER)',
  needs: ['node'],
  aims: ['provider'],
  takes: 'store',
  pull: (levers, call) => levers.node(providerOf(call)).failOver(),
})
