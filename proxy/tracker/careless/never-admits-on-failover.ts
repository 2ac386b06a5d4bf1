import { careless } from './careless.ts'

/** The first try asks for a slot; who is sent on after a failure just goes. */
export const neverAdmitsOnFailover = careless({
  name: 'never-admits-on-failover',
  claim: 'asks for a slot at the first provider only',
  breaks: ['limits-hold', 'nothing-uncounted', 'tracks-truth'],
  handle(tracker) {
    /** Whose attempt has just failed: the next one of theirs is a failover. */
    const failed = new Set<string>()
    /** By token: what runs without a slot. */
    const uncounted = new Set<string>()
    return {
      ...tracker,
      acquire(hold) {
        if (!failed.delete(hold.member)) return tracker.acquire(hold)
        uncounted.add(hold.token)
        return Promise.resolve({ kind: 'admitted', count: 0 })
      },
      release(hold, ending) {
        if (ending === 'failure') failed.add(hold.member)
        return uncounted.delete(hold.token) ? Promise.resolve() : tracker.release(hold, ending)
      },
      renew: (provider, holds) =>
        tracker.renew(
          provider,
          holds.filter(({ token }) => !uncounted.has(token)),
        ),
    }
  },
})
