/** Wrong on purpose: keys without a hash tag lie in different slots, every script is a CROSSSLOT error, and the error reads as "allowed". */
import { refCountOver } from './ref-count.ts'
import type { TrackerVariant } from './tracker.ts'

export const untaggedKeys = (provider: string): readonly [string, string] => [
  `provider:${provider}:active_sessions`,
  `provider:${provider}:active_session_refs`,
]

export const untagged: TrackerVariant = {
  name: 'untagged',
  claim: 'ref-count with keys that share no slot, and its errors swallowed as "allowed"',
  breaks: ['no-cross-slot', 'limits-hold', 'excess-bounded', 'nothing-uncounted', 'tracks-truth', 'recovers-within'],
  membership: 'recently-active',
  membersKey: provider => untaggedKeys(provider)[0],
  create(store, windowMs) {
    const inner = refCountOver(untaggedKeys)(store, windowMs)
    return {
      acquire: hold => inner.acquire(hold).catch(error => ({ kind: 'uncounted' as const, because: String(error) })),
      release: (hold, ending) => inner.release(hold, ending).catch(() => {}),
      renew: inner.renew,
    }
  },
}
