import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterChunks, afterMs }`: 0 chunks: before the head. */
export const providerResets = misbehaving({
  name: 'provider-resets',
  claim: 'a provider resets the connection, before its answer or in it',
  shows: 'resets',
  says: 'were reset',
  behaviour: given => ({ kind: 'resets', afterChunks: given('afterChunks', 0), afterMs: given('afterMs', 20) }),
})
