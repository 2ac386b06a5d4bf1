import { instanceOf, numberOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance, byMs }`: negative is behind; ten minutes ahead where nothing is said. */
export const proxySkewed = pulling({
  name: 'proxy-skewed',
  claim: 'the wall clock of a proxy instance is wrong',
  needs: ['proxy'],
  aims: ['instance'],
  pull: async (levers, call) =>
    levers.proxy(instanceOf(call)).skew(numberOf(call, 'byMs', 600_000, Number.NEGATIVE_INFINITY)),
})
