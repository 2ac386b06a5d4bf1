import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, status, afterMs }`: an error status, with the protocol's own error body; 529 is "overloaded". */
export const providerFails = misbehaving({
  name: 'provider-fails',
  claim: 'a provider answers with an error status',
  shows: 'error',
  says: 'were answered with an error',
  behaviour: given => ({ kind: 'error', status: given('status', 500), afterMs: given('afterMs', 20) }),
})
