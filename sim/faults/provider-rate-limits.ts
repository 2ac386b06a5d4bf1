import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio, afterMs, retryAfterS }`: whole seconds, as RFC 9110 has it. */
export const providerRateLimits = misbehaving({
  name: 'provider-rate-limits',
  claim: 'a provider answers 429, and when to come back',
  shows: 'error',
  says: 'were told to come back later',
  behaviour: given => ({
    kind: 'error',
    status: 429,
    afterMs: given('afterMs', 5),
    retryAfterS: given('retryAfterS', 1),
  }),
})
