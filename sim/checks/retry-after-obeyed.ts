import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder, requestOf } from './sample.ts'

export const retryAfterObeyed: Check = {
  name: 'retry-after-obeyed',
  claim: 'a provider that says when to come back is not asked before by whoever heard it',
  kind: 'safety',
  of({ figures, askedInPause }) {
    const told = figures['pauses.told']
    if (told === undefined) return unknown('no provider said when to come back')
    return askedInPause.length ? failWith(askedInPause) : pass(`a provider said when to come back ${told} times`)
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...requestOf('r-early', 'early', 1_195, 1_230),
      ...attemptOf('beta', 'early', 'r-early', 1_200, 1_220),
    ]),
}
