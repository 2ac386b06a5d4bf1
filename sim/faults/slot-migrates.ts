import { numberOf, providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider, pauseMs }`: with this pause between keys. It is over when the slot is there, not when the fault heals. */
export const slotMigrates = pulling({
  name: 'slot-migrates',
  claim: 'a provider’s slot moves to another primary, key by key',
  needs: ['slot'],
  aims: ['provider'],
  pull: async (levers, call) => levers.slot(providerOf(call)).migrate(numberOf(call, 'pauseMs', 20)),
})
