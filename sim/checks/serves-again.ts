import { type Check, pass, unknown } from './check.ts'

/** What arrivals and full providers may do by chance. */
const allowance = 0.03

export const servesAgain: Check = {
  name: 'serves-again',
  claim:
    'once breakers and pauses have had their time after the heal, and a first probe its answer, as large a share of those that find room is served as before (within 3 %)',
  kind: 'liveness',
  of({ figures }) {
    const before = figures['served.baseline']
    const after = figures['served.settled']
    if (before === undefined || after === undefined)
      return unknown('nobody asked before the storm, or long enough after it')
    const says = `${(100 * after).toFixed(1)} % of those that stayed and found room were served, ${(100 * before).toFixed(1)} % before the storm`
    return after >= before - allowance ? pass(says) : { result: 'fail', because: says, evidence: [] }
  },
  counterexample: clean =>
    clean.map(event =>
      event.kind === 'client-ended' && event.at > 1_450 ? { ...event, outcome: 'answered', status: 500 } : event,
    ),
}
