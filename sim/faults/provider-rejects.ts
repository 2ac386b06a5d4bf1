import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterMs }`: a share of the requests, the same ones wherever this fault stands, is answered 400. */
export const providerRejects = misbehaving({
  name: 'provider-rejects',
  claim: 'some requests are at fault themselves: every provider answers them 400',
  shows: 'rejects',
  says: 'were found at fault',
  behaviour: given => ({ kind: 'rejects', ratio: given('ratio', 1), afterMs: given('afterMs', 20) }),
})
