import type { Event } from '../history.ts'
import { type Check, failWith, pass, unknown } from './check.ts'
import { inOrder } from './sample.ts'

const unanswered: Event = {
  at: 1_640,
  from: 'proxy-1',
  kind: 'refused-without-store',
  request: 'r99',
  session: 's99',
  provider: 'alpha',
  because: 'ReplyError: TRYAGAIN Multiple keys request during rehashing of slot',
}

export const noFailedAdmissions: Check = {
  name: 'no-failed-admissions',
  claim: 'whoever asks for a slot gets an answer from the store',
  kind: 'safety',
  of({ figures, failedAdmissions }) {
    const failed = figures['admission.failed']
    if (failed === undefined) return unknown('nobody asked')
    return failed > 0 ? failWith(failedAdmissions, failed) : pass('the store answered everybody')
  },
  counterexample: clean => inOrder([...clean, unanswered]),
}
