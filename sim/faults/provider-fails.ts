import { failing } from './failing.ts'

/** `{ provider, status, afterMs }`: every request gets this error status. */
export const providerFails = failing(
  'provider-fails',
  'a provider answers every request with an error status',
  ({ status, afterMs }) => ({ kind: 'error', status, afterMs }),
)
