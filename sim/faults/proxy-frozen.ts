import { instanceOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance }`: its leases may end while it believes in them. */
export const proxyFrozen = pulling({
  name: 'proxy-frozen',
  claim: 'a proxy instance is stopped (SIGSTOP), and goes on later',
  needs: ['proxy'],
  aims: ['instance'],
  takes: 'time',
  pull: (levers, call) => levers.proxy(instanceOf(call)).freeze(),
})
