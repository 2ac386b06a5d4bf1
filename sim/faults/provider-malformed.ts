import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterChunks }`: a gateway's words in the middle of the stream. */
export const providerMalformed = misbehaving({
  name: 'provider-malformed',
  claim: 'a provider answers 200 with what is neither SSE nor JSON',
  shows: 'malformed',
  says: 'were answered in no protocol',
  behaviour: given => ({ kind: 'malformed', afterChunks: given('afterChunks', 0) }),
})
