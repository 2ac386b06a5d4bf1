import { type Check, evidenceOf, pass } from './check.ts'

export const faultsLanded: Check = {
  name: 'faults-landed',
  claim: 'every fault has a receipt that it landed',
  kind: 'soundness',
  of({ unlanded }) {
    if (unlanded.length === 0) return pass('every fault landed')
    return { result: 'unknown', because: unlanded[0]!.because, evidence: evidenceOf(unlanded) }
  },
  counterexample: clean =>
    clean.map(event =>
      event.kind === 'receipt'
        ? { ...event, landed: false, because: 'alpha answered 0 requests with an error' }
        : event,
    ),
}
