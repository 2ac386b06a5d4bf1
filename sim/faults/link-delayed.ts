import type { FaultCall } from './fault.ts'
import { numberOf } from './parameters.ts'
import { pulling } from './pulling.ts'

const msOf = (call: FaultCall) => numberOf(call, 'ms', 50)

/** `{ instance?, provider?, ms }`: each message, either way, from one instance or all, to one provider’s primary or all nodes. */
export const linkDelayed = pulling({
  name: 'link-delayed',
  claim: 'messages between proxies and the store take longer',
  needs: ['link'],
  aims: [],
  // A far store is no absent one.
  takes: call => (msOf(call) >= 100 ? 'store' : undefined),
  pull: async (levers, call) => levers.link(call).delay(msOf(call)),
})
