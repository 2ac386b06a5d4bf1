import { misbehaving } from './misbehaving.ts'

/** `{ provider }`: new connections are refused; what is in flight goes on. */
export const providerRefuses = misbehaving({
  name: 'provider-refuses',
  claim: 'nobody listens at a provider’s address: connections are refused',
  shows: 'refuses',
  says: 'were refused a connection',
  behaviour: () => ({ kind: 'refuses' }),
})
