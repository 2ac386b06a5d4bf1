/** The straight line from a request to the end of its reply. */

import { createAdmission } from './admission.ts'
import { type Attempted, attempt } from './attempt.ts'
import { order } from './choose.ts'
import type { ProxyConfig } from './config.ts'
import { beat } from './heartbeat.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Ports } from './ports.ts'
import { reply } from './reply.ts'
import type { Client, ProxyRequest } from './request.ts'

export interface ProxyCore {
  /** Answers the client, whatever happens; resolves when the last of its attempts has ended. Never rejects. */
  handle(request: ProxyRequest, client: Client): Promise<void>
  /** Keeps leases alive until the signal fires. */
  run(signal: AbortSignal): Promise<void>
  outbox: Outbox
}

export function createProxy(config: ProxyConfig, ports: Ports): ProxyCore {
  const outbox = createOutbox(ports)
  const admission = createAdmission(config, ports, outbox)
  return {
    outbox,
    run: signal => beat(config, ports, admission, signal),
    async handle(request, client) {
      ports.emit({ kind: 'request-began', request: request.id, session: request.session })
      const attempts: Attempted[] = []
      for (const provider of order(config.providers, ports.chance.of('order', request.id))) {
        if (client.signal.aborted) break
        const attempted = await attempt(provider, request, client, ports, admission)
        attempts.push(attempted)
        if (!switches(attempted)) break
      }
      const outcome = reply(attempts, request, client)
      ports.emit({ kind: 'request-ended', request: request.id, outcome, attempts: attempts.length })
    },
  }
}

/** A full provider or a failed attempt leads to the next one; an answer, a client's own error or a departure does not. */
const switches = ({ outcome }: Attempted) => outcome === 'refused' || outcome === 'failed'
