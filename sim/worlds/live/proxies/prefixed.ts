/** A tracker whose keys bear a prefix before the provider's id, within the hash tag: so that a run meets nobody else's keys. */
import type { Provider } from '../../../../proxy/provider.ts'
import type { TrackerVariant } from '../../../../proxy/tracker/tracker.ts'

export function prefixed(variant: TrackerVariant, prefix: string): TrackerVariant {
  if (prefix === '') return variant
  const known = new WeakMap<Provider, Provider>()
  const apart = (provider: Provider): Provider => {
    let other = known.get(provider)
    if (!other) known.set(provider, (other = { ...provider, id: prefix + provider.id }))
    return other
  }
  const away = <H extends { provider: Provider }>(hold: H): H => ({ ...hold, provider: apart(hold.provider) })
  return {
    ...variant,
    membersKey: provider => variant.membersKey(prefix + provider),
    create(store, windowMs, wallNow) {
      const { acquire, release, renew, operator } = variant.create(store, windowMs, wallNow)
      return {
        acquire: hold => acquire(away(hold)),
        release: (hold, ending) => release(away(hold), ending),
        renew: (provider, holds) => renew(apart(provider), holds.map(away)),
        ...(operator && {
          operator: {
            count: provider => operator.count(apart(provider)),
            terminate: (provider, member, lastsMs) => operator.terminate(apart(provider), member, lastsMs),
            audit: provider => operator.audit(apart(provider)),
          },
        }),
      }
    },
  }
}
