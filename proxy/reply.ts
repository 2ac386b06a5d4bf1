/** How a request ends for its client, once no further provider will be asked. */
import type { Attempted, ErrorReply } from './attempted.ts'
import { errorBody, errorEvent } from './errors.ts'
import type { Outcome } from './events.ts'
import { consequencesOf, type Failure } from './failure.ts'
import type { Millis } from './ports.ts'
import type { Shape } from './provider.ts'
import type { Client, ProxyRequest } from './request.ts'
import type { Running } from './running.ts'

/**
 * Ends the reply and says how: an answer passed on, a visible cut, a provider's own error, or one of the proxy's.
 * `passedOver`: somebody who might have answered was not asked. `waitMs`: until some provider may be asked again.
 */
export function reply(running: Running, passedOver: boolean, waitMs: () => Millis): Outcome {
  const { client, request, attempts, stopped } = running
  const last = attempts.at(-1)
  if (client.signal.aborted || stopped === 'client-abort') return 'aborted'
  if (last?.outcome === 'ok') {
    client.end()
    return 'ok'
  }
  if (running.begun) return breakOff(running, last)
  if (stopped) {
    refuse(client, request, stopped)
    return consequencesOf(stopped).outcome
  }
  const isFull = attempts.some(({ outcome }) => outcome === 'refused')
  const failed = worthTelling(attempts, isFull || passedOver)
  if (failed) return tell(failed, running, waitMs)
  const wait = retryAfter(waitMs())
  if (isFull) sendError(client, request.shape, 429, 'rate_limit_error', 'every provider is at its limit', wait)
  else sendError(client, request.shape, 503, 'overloaded_error', 'no provider can be asked at the moment', wait)
  return 'refused'
}

/** Answers a request for which nobody is asked, or nobody any more. */
export function refuse(client: Client, request: ProxyRequest, why: Failure): void {
  const [status, type] = consequencesOf(why).tell
  sendError(client, request.shape, status, type, says[why] ?? why, status === 503 ? retryAfter(0) : {})
}

const says: Partial<Record<Failure, string>> = {
  terminated: 'an operator has ended this session',
  closing: 'this instance is closing; another one will answer',
  'local-overload': 'this instance has as many requests as it takes',
  unauthorized: 'no provider answered: the proxy’s own key was refused',
  forbidden: 'no provider answered: the proxy’s own key may not do this',
}

/** An error of the proxy's own, in the words of the client's protocol. `type` as Anthropic names it. */
export function sendError(
  client: Client,
  shape: Shape,
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(client, status, { 'content-type': 'application/json', ...headers }, errorBody(shape, type, message))
}

type Failed = Extract<Attempted, { failure: Failure; reply?: ErrorReply }>

/** The last failure. One that the next try would meet again is told only where nobody is left who might do better. */
function worthTelling(attempts: readonly Attempted[], hope: boolean): Failed | undefined {
  const failed = attempts.filter((one): one is Failed => one.outcome === 'failed' || one.outcome === 'client-error')
  return failed.findLast(({ failure }) => !lasting.has(failure)) ?? (hope ? undefined : failed.at(-1))
}

const lasting: ReadonlySet<Failure> = new Set(['model-not-found', 'unauthorized', 'forbidden'])

/** In the provider's own words, where they are for the client. */
function tell({ outcome, failure, reply }: Failed, { client, request }: Running, waitMs: () => Millis): Outcome {
  const [usual, type] = consequencesOf(failure).tell
  const own = failure === 'unauthorized' || failure === 'forbidden'
  const status = own ? usual : (reply?.status ?? usual)
  const wait = tellsWhen.has(status) ? retryAfter(waitMs()) : {}
  if (reply?.body && !own && isJson(reply.headers)) {
    const { 'retry-after': _, 'retry-after-ms': __, ...headers } = reply.headers
    send(client, status, { ...headers, ...wait }, reply.body)
  } else sendError(client, request.shape, status, type, says[failure] ?? `no provider answered: ${failure}`, wait)
  return outcome
}

/** A stream says that it is broken, and then it breaks: without its protocol's last event. */
function breakOff({ client, request, told }: Running, last: Attempted | undefined): Outcome {
  const failure = last && 'failure' in last && last.failure ? last.failure : 'reset'
  if (request.stream && !told) {
    const [, type] = consequencesOf(failure).tell
    const message = says[failure] ?? `the answer broke off: ${failure}`
    client.write(errorEvent(request.shape, type, message)).catch(() => {})
  }
  client.cut()
  return last?.outcome ?? 'incomplete'
}

function send(client: Client, status: number, headers: Readonly<Record<string, string>>, body: Uint8Array) {
  client.begin(status, headers)
  // The client may leave before its error arrives; there is nothing left to do for it then.
  client.write(body).then(
    () => client.end(),
    () => {},
  )
}

/** The statuses whose clients ask when to come back. */
const tellsWhen: ReadonlySet<number> = new Set([429, 503, 529])

/** In whole seconds (RFC 9110, 10.2.3), at least one: what was too much now is too much in a moment. */
const retryAfter = (ms: Millis) => ({ 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) })

const isJson = (headers: Readonly<Record<string, string>>) => (headers['content-type'] ?? '').includes('json')
