import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, tokenMs }`: the first byte comes in time. */
export const providerDrips = misbehaving({
  name: 'provider-drips',
  claim: 'a provider’s answers come word by word, slowly',
  shows: 'slow',
  says: 'were answered slowly',
  behaviour: given => ({ kind: 'slow', tokenMs: given('tokenMs', 500) }),
})
