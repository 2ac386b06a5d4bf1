import { numberOf, providerOf } from './parameters.ts'
import { pulling, repeating } from './pulling.ts'

/** `{ provider, everyMs }`: commands whose replies were on their way are sent again. */
export const connectionsReset = pulling({
  name: 'connections-reset',
  claim: 'the node that owns a provider’s slot cuts its clients’ connections, again and again (CLIENT KILL)',
  needs: ['node'],
  aims: ['provider'],
  async pull(levers, call, time) {
    const everyMs = numberOf(call, 'everyMs', 250, 1)
    const provider = providerOf(call)
    return repeating(() => levers.node(provider).dropConnections(), time, { forMs: 0, everyMs })
  },
})
