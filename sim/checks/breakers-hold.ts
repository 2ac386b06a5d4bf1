import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder, requestOf } from './sample.ts'

export const breakersHold: Check = {
  name: 'breakers-hold',
  claim: 'a provider that fails again and again is left alone for a while, and then asked by a few; no other one is',
  kind: 'safety',
  of({ figures, askedTooSoon, openedInVain }) {
    const opened = figures['breakers.opened']
    if (opened === undefined) return unknown('no provider with a breaker was called, or nobody said by whom')
    const wrong = [...askedTooSoon, ...openedInVain]
    return wrong.length ? failWith(wrong) : pass(`${opened} times a breaker had to open, and did`)
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...Array.from({ length: 8 }, (_, n) => 2_000 + 60 * n).flatMap((at, n) => [
        ...requestOf(`r-again-${n}`, `again-${n}`, at - 5, at + 40),
        ...attemptOf('alpha', `again-${n}`, `r-again-${n}`, at, at + 5, 'failed'),
      ]),
    ]),
}
