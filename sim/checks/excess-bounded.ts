import { type Check, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const excessBounded: Check = {
  name: 'excess-bounded',
  claim: 'whoever counts beside it, a provider never serves more than twice its limit, the warm-up included',
  kind: 'safety',
  of({ figures }) {
    const excess = figures['limit.excess']
    if (excess === undefined) return unknown('no provider was ever called')
    const says = `at the worst moment ${(100 * excess).toFixed(0)} % of its limit were at a provider beyond it`
    return excess <= 1 ? pass(says) : { result: 'fail', because: says, evidence: [] }
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...Array.from({ length: 7 }, (_, n) => attemptOf('alpha', `early-${n}`, `early-${n}`, 10, 40)).flat(),
    ]),
}
