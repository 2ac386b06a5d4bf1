import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterChunks, afterBytes }`: after so many chunks of a good answer, and so many bytes of the next. */
export const providerCuts = misbehaving({
  name: 'provider-cuts',
  claim: 'a provider closes the connection in the middle of its answer',
  shows: 'cut',
  says: 'were cut',
  behaviour: given => ({ kind: 'cut', afterChunks: given('afterChunks', 2), afterBytes: given('afterBytes', 0) }),
})
