/** How a request ends for its client, once no further provider will be asked. */
import type { Attempted } from './attempt.ts'
import type { Outcome } from './events.ts'
import type { Shape } from './provider.ts'
import type { Client, ProxyRequest } from './request.ts'

/** Ends the reply and says how: an answer passed on, a provider's own error, a refusal with Retry-After, or a visible cut. */
export function reply(attempts: readonly Attempted[], request: ProxyRequest, client: Client): Outcome {
  const last = attempts.at(-1)
  if (client.signal.aborted || last?.outcome === 'aborted') return 'aborted'
  if (last?.outcome === 'ok') {
    client.end()
    return 'ok'
  }
  if (last?.outcome === 'incomplete') {
    client.cut()
    return 'incomplete'
  }
  const failed = attempts.findLast(({ outcome }) => outcome === 'failed' || outcome === 'client-error')
  if (failed && 'reply' in failed && failed.reply && isJson(failed.reply.headers)) {
    send(client, failed.reply.status, failed.reply.headers, failed.reply.body)
    return failed.outcome
  }
  if (failed && 'failure' in failed) {
    sendError(client, request.shape, 502, 'api_error', `no provider answered: ${failed.failure}`)
    return failed.outcome
  }
  const waits = attempts.flatMap(attempted => (attempted.outcome === 'refused' ? [attempted.retryAfterMs] : []))
  const seconds = Math.max(1, Math.ceil(Math.min(...waits, 1_000) / 1000))
  sendError(client, request.shape, 429, 'rate_limit_error', 'every provider is at its limit of concurrent sessions', {
    'retry-after': String(seconds),
  })
  return 'refused'
}

/** An error of the proxy's own, in the words of the client's protocol. */
export function sendError(
  client: Client,
  shape: Shape,
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  const error =
    shape === 'anthropic'
      ? { type: 'error', error: { type, message } }
      : { error: { message, type, param: null, code: null } }
  send(
    client,
    status,
    { 'content-type': 'application/json', ...headers },
    new TextEncoder().encode(JSON.stringify(error)),
  )
}

function send(client: Client, status: number, headers: Readonly<Record<string, string>>, body: Uint8Array) {
  client.begin(status, headers)
  // The client may leave before its error arrives; there is nothing left to do for it then.
  client.write(body).then(
    () => client.end(),
    () => {},
  )
}

const isJson = (headers: Readonly<Record<string, string>>) => (headers['content-type'] ?? '').includes('json')
