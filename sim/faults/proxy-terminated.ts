import { instanceOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance }`: it gives all its slots back. */
export const proxyTerminated = pulling({
  name: 'proxy-terminated',
  claim: 'a proxy instance is told to end (SIGTERM): it drains, and a new one starts later',
  needs: ['proxy'],
  aims: ['instance'],
  pull: (levers, call) => levers.proxy(instanceOf(call)).terminate(),
})
