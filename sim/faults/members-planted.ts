import { numberOf, providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider, count, score }`: sessions `legacy-000001` and so on. They stay when it heals: that they go is what a claim is about. */
export const membersPlanted = pulling({
  name: 'members-planted',
  claim: 'a provider’s active set holds members that an older version left, and that nobody will ever release',
  needs: ['node'],
  aims: ['provider'],
  takes: 'order',
  async pull(levers, call) {
    const members = Array.from(
      { length: numberOf(call, 'count', 5, 1) },
      (_, n) => `s:legacy-${String(n + 1).padStart(6, '0')}`,
    )
    return levers.node(providerOf(call)).plant(members, numberOf(call, 'score', 1))
  },
})
