import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: what it had not told its replica is lost. */
export const primaryKilled = pulling({
  name: 'primary-killed',
  claim: 'the primary that owns a provider’s slot is killed (SIGKILL), and comes back empty',
  needs: ['node'],
  aims: ['provider'],
  takes: 'store',
  pull: (levers, call) => levers.node(providerOf(call)).kill(),
})
