import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterChunks }`: 0 chunks: not even a head comes. */
export const providerSilent = misbehaving({
  name: 'provider-silent',
  claim: 'a provider accepts and never answers, or falls silent in its answer',
  shows: 'silent',
  says: 'met silence',
  behaviour: given => ({ kind: 'silent', afterChunks: given('afterChunks', 0) }),
})
