import type { Event } from '../history.ts'
import { type Check, evidenceOf, pass } from './check.ts'
import { inOrder } from './sample.ts'

const gap: Event = {
  at: 900,
  from: 'tap',
  kind: 'store-gap',
  node: '127.0.0.1:7001',
  since: 700,
  because: 'the connection was cut and could not be resumed',
}

export const observerSawAll: Check = {
  name: 'observer-saw-all',
  claim: 'the tap missed nothing, and its replayed state equals the store',
  kind: 'soundness',
  of({ observerFaults, figures }) {
    if (observerFaults.length)
      return { result: 'unknown', because: observerFaults[0]!.because, evidence: evidenceOf(observerFaults) }
    return pass(`no gap; resolution p99 ${figures['observer.resolution.p99']!.toFixed(1)} ms`)
  },
  counterexample: clean => inOrder([...clean, gap]),
}
