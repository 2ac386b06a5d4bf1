import { numberOf } from './parameters.ts'
import { pulling, repeating } from './pulling.ts'

/** `{ forMs, everyMs }`: as long as the disk or the host of a store makes it wait. */
export const storeStalled = pulling({
  name: 'store-stalled',
  claim: 'every node of the store stops for a moment, again and again',
  needs: ['store'],
  aims: [],
  takes: 'store',
  async pull(levers, call, time) {
    const forMs = numberOf(call, 'forMs', 200)
    const everyMs = numberOf(call, 'everyMs', 1_000, 1)
    return repeating(() => levers.store().freeze(), time, { forMs, everyMs })
  },
})
