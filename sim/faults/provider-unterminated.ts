import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio }`: no `[DONE]`, no `message_stop`; a plain answer ends half-way. */
export const providerUnterminated = misbehaving({
  name: 'provider-unterminated',
  claim: 'a provider ends its answers in good order before they are whole',
  shows: 'unterminated',
  says: 'ended without their last event',
  behaviour: () => ({ kind: 'unterminated' }),
})
