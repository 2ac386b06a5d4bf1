import type { Event } from '../history.ts'
import { type Check, failWith, pass, unknown } from './check.ts'
import { inOrder } from './sample.ts'

const refusal: Event = {
  at: 1_640,
  from: 'proxy-1',
  kind: 'refused',
  request: 'r99',
  session: 's99',
  provider: 'alpha',
  count: 3,
  waitedMs: 1,
}

export const noGhostRejections: Check = {
  name: 'no-ghost-rejections',
  claim: 'nobody is refused while fewer sessions than the limit could be there',
  kind: 'liveness',
  of({ figures, ghostRejections }) {
    const ghosts = figures['admission.ghostRejections']
    if (ghosts === undefined) return unknown('nobody asked')
    return ghosts > 0
      ? failWith(ghostRejections, ghosts)
      : pass(`none of ${figures['admission.refusals']} refusals was due to ghosts`)
  },
  counterexample: clean => inOrder([...clean, refusal]),
}
