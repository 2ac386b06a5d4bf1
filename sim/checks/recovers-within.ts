import { type Check, pass, unknown } from './check.ts'
import { lateRemoval } from './sample.ts'

export const recoversWithin: Check = {
  name: 'recovers-within',
  claim: 'after the heal the store tells the truth within a heartbeat',
  kind: 'liveness',
  of({ figures, longestStays }, { providers, transitMs }) {
    const time = figures['rest.timeToTruthMs']
    if (time === undefined) return unknown('nothing was in flight, or nothing was healed')
    const bound = Math.max(...providers.map(({ heartbeatMs }) => heartbeatMs)) + transitMs
    const reached = figures['rest.truthReached'] === 1
    const says = `time to truth ${reached ? '' : 'at least '}${time.toFixed(0)} ms, bound ${bound} ms`
    if (reached && time <= bound) return pass(says)
    const evidence = Object.values(longestStays)
      .flat()
      .flatMap(stay => stay.evidence)
      .slice(0, 12)
    return { result: 'fail', because: says, evidence }
  },
  counterexample: clean => lateRemoval(clean, 's5', 900),
}
