import { type Check, failUnlessLost, pass, unknown } from './check.ts'

export const refsMatchMembers: Check = {
  name: 'refs-match-members',
  claim: 'a member is counted as often as it has attempts in flight; no difference outlasts a heartbeat',
  kind: 'safety',
  of(measured, { membership }) {
    const wrong = measured.figures['tracking.miscountedSessions']
    if (membership !== 'in-flight') return unknown('the members of this tracker carry no counts')
    if (wrong === undefined) return unknown('nobody was a member')
    return wrong > 0
      ? failUnlessLost(measured.miscounted, measured, wrong)
      : pass('every count was that of the attempts')
  },
  counterexample: clean =>
    clean
      .map(event => {
        if (event.kind === 'store-changed' && event.member === 's:s9' && event.score !== null)
          return { ...event, score: 2 }
        // Longer than a heartbeat and the way.
        const ends = event.kind === 'provider-ended' || (event.kind === 'store-changed' && event.score === null)
        return ends && (event.kind === 'provider-ended' ? event.session === 's9' : event.member === 's:s9')
          ? { ...event, at: event.at + 700, since: event.since + 700 }
          : event
      })
      .toSorted((a, b) => a.at - b.at),
}
