import { type Check, failWith, pass, unknown } from './check.ts'

/** Whoever cannot be served has better things to do than to wait for that. */
const mostMs = 2_000

export const honestRefusals: Check = {
  name: 'honest-refusals',
  claim: 'whoever gets no answer is told so within 2 s (p99), and when to come back',
  kind: 'liveness',
  of({ figures, unhelpful }) {
    const p99 = figures['refusal.p99']
    const samples = figures['refusal.samples']
    if (p99 === undefined) return unknown('nobody was refused')
    if (unhelpful.length) return failWith(unhelpful)
    const says = `${samples} errors were told, p99 after ${p99.toFixed(0)} ms`
    return p99 > mostMs ? { result: 'fail', because: says, evidence: [] } : pass(says)
  },
  counterexample: clean =>
    clean.map(event => {
      if (event.kind !== 'client-ended' || event.outcome !== 'answered') return event
      const { retryAfterMs: _, ...silent } = event
      return silent
    }),
}
