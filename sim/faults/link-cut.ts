import { pulling } from './pulling.ts'

/** `{ instance?, provider? }`: from one instance or all, to one provider’s primary or all nodes. */
export const linkCut = pulling({
  name: 'link-cut',
  claim: 'connections between proxies and the store break, and none can be made',
  needs: ['link'],
  aims: [],
  takes: 'store',
  pull: (levers, call) => levers.link(call).cut(),
})
