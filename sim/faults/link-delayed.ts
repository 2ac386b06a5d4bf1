import { numberOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance?, provider?, ms }`: each message, either way, from one instance or all, to one provider’s primary or all nodes. */
export const linkDelayed = pulling({
  name: 'link-delayed',
  claim: 'messages between proxies and the store take longer',
  needs: ['link'],
  aims: [],
  pull: async (levers, call) => levers.link(call).delay(numberOf(call, 'ms', 50)),
})
