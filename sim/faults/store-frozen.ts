import { pulling } from './pulling.ts'

/** Nobody is left who could take over, so nothing fails over. */
export const storeFrozen = pulling({
  name: 'store-frozen',
  claim: 'every node of the store is stopped at once (SIGSTOP), and goes on later',
  needs: ['store'],
  aims: [],
  takes: 'store',
  pull: levers => levers.store().freeze(),
})
