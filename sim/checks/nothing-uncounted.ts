import { type Check, failUnlessLost, pass, unknown } from './check.ts'

export const nothingUncounted: Check = {
  name: 'nothing-uncounted',
  claim: 'no session is served without being counted',
  kind: 'safety',
  of(measured) {
    const { figures, uncounted } = measured
    if (figures['tracking.error'] === undefined) return unknown('nothing was in flight')
    if (uncounted.length) return failUnlessLost(uncounted, measured, figures['tracking.uncountedSessions'])
    const open = figures['store.failOpen'] ?? 0
    if (open > 0)
      return { result: 'fail', because: `the proxy admitted ${open} attempts without counting them`, evidence: [] }
    return pass('every session in flight was a member')
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
