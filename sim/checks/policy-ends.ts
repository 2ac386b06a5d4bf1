import type { Event } from '../history.ts'
import { type Check, pass, unknown } from './check.ts'
import { inOrder } from './sample.ts'

const uncounted = (at: number): Event => ({
  at,
  from: 'proxy-1',
  kind: 'uncounted-admission',
  request: 'r99',
  session: 's99',
  provider: 'alpha',
  because: 'Error: Command timed out',
})

export const policyEnds: Check = {
  name: 'policy-ends',
  claim: 'a heartbeat after the heal the store is asked again, and no policy admits or refuses in its place',
  kind: 'liveness',
  of({ figures }, { providers, transitMs }) {
    const last = figures['store.policyEndsAfterHealMs']
    if (figures['admission.failed'] === undefined) return unknown('nobody asked')
    if (figures['rest.timeToTruthMs'] === undefined) return unknown('nothing was healed')
    if (last === undefined) return pass('the store answered everybody')
    const bound = Math.max(...providers.map(({ heartbeatMs }) => heartbeatMs)) + transitMs
    const [admitted, refused] = [figures['store.failOpen'], figures['store.failClosed']]
    const says = `${admitted} admitted and ${refused} refused under the policy, the last ${last.toFixed(0)} ms after the heal, bound ${bound} ms`
    return last <= bound ? pass(says) : { result: 'fail', because: says, evidence: [] }
  },
  counterexample: clean => inOrder([...clean, uncounted(1_700)]),
}
