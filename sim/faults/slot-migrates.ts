import { numberOf, providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider, pauseMs, leadMs }`: with this pause between keys, and so long before the first. It is over when the slot is there, not when the fault heals. */
export const slotMigrates = pulling({
  name: 'slot-migrates',
  claim: 'a provider’s slot moves to another primary, key by key',
  needs: ['slot'],
  aims: ['provider'],
  async pull(levers, call) {
    const pauseMs = numberOf(call, 'pauseMs', 20)
    return levers.slot(providerOf(call)).migrate(pauseMs, numberOf(call, 'leadMs', pauseMs))
  },
})
