import { type Check, pass, unknown } from './check.ts'
import { inOrder, requestOf } from './sample.ts'

/** A slot is empty while its release and the next admission are under way, and clients wait for more than providers. */
const least = 0.75

export const capacityUsed: Check = {
  name: 'capacity-used',
  claim: 'in the storm at least 75 % of the slots that clients ask for are in use, however fast they come and go',
  kind: 'safety',
  of({ figures }) {
    const used = figures['capacity.used']
    if (used === undefined) return unknown('nobody asked in the storm')
    const answers = figures['capacity.answersPerSecond']!.toFixed(0)
    const complete = (figures['throughput.storm'] ?? 0).toFixed(0)
    const says = `${(100 * used).toFixed(1)} % of the slots asked for were in use, at ${answers} answers a second, ${complete} of them complete`
    return used >= least ? pass(says) : { result: 'fail', because: says, evidence: [] }
  },
  counterexample: clean => inOrder([...clean, ...requestOf('r-waits', 'waits', 520, 980)]),
}
