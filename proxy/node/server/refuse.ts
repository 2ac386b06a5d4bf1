import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Shape } from '../../provider.ts'
import { bodyOf, type Refused } from './refused.ts'

/** How long the rest of a refused body is read and thrown away: an answer on a connection that is closed under a sender is lost. */
const lingerMs = 1_000

/** Answers a request that never reached the core. Where its body is still coming, the connection ends with the answer. */
export function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  problem: Refused,
  shape: Shape | undefined,
  id: string,
): void {
  if (outgoing.headersSent) return void outgoing.destroy()
  const unread = !incoming.complete && hasBody(incoming)
  const body = bodyOf(problem, shape)
  outgoing.writeHead(problem.status, {
    ...problem.headers,
    'content-type': 'application/json',
    'content-length': body.length,
    'x-request-id': id,
    ...(unread && { connection: 'close' }),
  })
  if (!unread) return void outgoing.end(body)
  outgoing.write(body)
  const end = () => {
    clearTimeout(patience)
    outgoing.end()
  }
  const patience = setTimeout(end, lingerMs)
  incoming.resume().once('close', end).once('error', end)
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
