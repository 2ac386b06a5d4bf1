import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: past the node time-out its replica takes over, and it finds itself replaced. */
export const primaryFrozen = pulling({
  name: 'primary-frozen',
  claim: 'the primary that owns a provider’s slot is stopped (SIGSTOP), and goes on later',
  needs: ['node'],
  aims: ['provider'],
  takes: 'store',
  pull: (levers, call) => levers.node(providerOf(call)).freeze(),
})
