import { pulling } from './pulling.ts'

/** `{ instance?, provider? }`: from one instance or all, to one provider’s primary or all nodes. */
export const linkSilent = pulling({
  name: 'link-silent',
  claim: 'nothing passes between proxies and the store, and nobody is told (a black hole)',
  needs: ['link'],
  aims: [],
  takes: 'store',
  pull: (levers, call) => levers.link(call).silence(),
})
