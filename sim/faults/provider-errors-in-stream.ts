import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterChunks }`: the protocol's error event after so many good chunks; in a plain answer its error body. */
export const providerErrorsInStream = misbehaving({
  name: 'provider-errors-in-stream',
  claim: 'a provider answers 200 with an error in the body',
  shows: 'error-event',
  says: 'were answered 200 and an error',
  behaviour: given => ({ kind: 'error-event', afterChunks: given('afterChunks', 1) }),
})
