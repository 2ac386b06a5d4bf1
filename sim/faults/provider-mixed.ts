import { failing } from './failing.ts'

/** `{ provider, ratio, status, afterMs }`: a share of the attempts, drawn one by one, gets this error status. */
export const providerMixed = failing(
  'provider-mixed',
  'a provider answers a share of the attempts with an error status',
  ({ ratio, status, afterMs }) => ({ kind: 'mixed', ratio, status, afterMs }),
)
