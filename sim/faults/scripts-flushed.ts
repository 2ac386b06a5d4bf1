import { providerOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ provider }`: callers must send them whole again. */
export const scriptsFlushed = pulling({
  name: 'scripts-flushed',
  claim: 'the node that owns a provider’s slot forgets all scripts (SCRIPT FLUSH)',
  needs: ['node'],
  aims: ['provider'],
  pull: (levers, call) => levers.node(providerOf(call)).flushScripts(),
})
