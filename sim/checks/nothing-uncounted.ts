import { type Check, failWith, pass, unknown } from './check.ts'

export const nothingUncounted: Check = {
  name: 'nothing-uncounted',
  claim: 'no session is served without being counted, unless the proxy says so while the store is away',
  kind: 'safety',
  of({ figures, uncounted }) {
    if (figures['tracking.error'] === undefined) return unknown('nothing was in flight')
    if (uncounted.length) return failWith(uncounted, figures['tracking.uncountedSessions'])
    const open = figures['store.failOpenUnexcused'] ?? 0
    if (open > 0)
      return { result: 'fail', because: `the proxy admitted ${open} attempts without counting them`, evidence: [] }
    const declared = figures['store.failOpen'] ?? 0
    return pass(`every session in flight was a member${declared ? `, or one of ${declared} that were declared` : ''}`)
  },
  counterexample: clean =>
    clean
      .flatMap(event => {
        if (event.kind === 'store-changed' && event.member === 's:s9') return []
        // Long enough that it cannot have been on its way.
        return event.kind === 'provider-ended' && event.session === 's9'
          ? [{ ...event, at: event.at + 300, since: event.since + 300 }]
          : [event]
      })
      .toSorted((a, b) => a.at - b.at),
}
