import { misbehaving } from './misbehaving.ts'

/** `{ provider, ratio }` */
export const providerEmpty = misbehaving({
  name: 'provider-empty',
  claim: 'a provider answers 200 with no body',
  shows: 'empty',
  says: 'were answered with nothing',
  behaviour: () => ({ kind: 'empty' }),
})
