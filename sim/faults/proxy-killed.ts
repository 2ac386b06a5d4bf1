import { instanceOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance }`: what it held is held until its leases end. */
export const proxyKilled = pulling({
  name: 'proxy-killed',
  claim: 'a proxy instance is killed (SIGKILL), and a new one starts later',
  needs: ['proxy'],
  aims: ['instance'],
  takes: 'requests',
  pull: (levers, call) => levers.proxy(instanceOf(call)).kill(),
})
