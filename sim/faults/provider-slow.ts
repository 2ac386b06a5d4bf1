import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, firstByteMs }`: a brownout. */
export const providerSlow = misbehaving({
  name: 'provider-slow',
  claim: 'a provider’s first bytes come late',
  shows: 'slow',
  says: 'were answered late',
  behaviour: given => ({ kind: 'slow', firstByteMs: given('firstByteMs', 1_000) }),
})
