import { type Check, evidenceOf, pass } from './check.ts'

export const loadWasPlayed: Check = {
  name: 'load-was-played',
  claim: 'every planned request left, and on time (p99 within 50 ms)',
  kind: 'soundness',
  of({ loadFaults, figures }) {
    if (loadFaults.length)
      return { result: 'unknown', because: loadFaults[0]!.because, evidence: evidenceOf(loadFaults) }
    return pass(`requests left on time: p99 ${figures['generator.latenessP99']!.toFixed(1)} ms late`)
  },
  counterexample: clean => clean.map(event => (event.kind === 'generator' ? { ...event, latenessP99Ms: 400 } : event)),
}
