/** The closed list of what can end an attempt other than well, and what follows from each. */
import type { Outcome } from './events.ts'
import type { Ending } from './tracker/tracker.ts'

/** An error's name in the words of Anthropic's protocol; see `sendError` for the other one. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error'

interface Consequences {
  /** May the same provider be asked again for this request? */
  retry: boolean
  /** May another provider be asked, if nothing has reached the client? */
  elsewhere: boolean
  /** Does it speak against the provider's health? */
  breaker: boolean
  /** How the tracker is told that the attempt is over. */
  ending: Exclude<Ending, 'unused'>
  /** How the attempt is called when nothing has reached the client; after that a failed one is `incomplete`. */
  outcome: Exclude<Outcome, 'ok' | 'refused' | 'incomplete'>
  /** What the client is told where the provider said nothing that may be passed on. */
  tell: readonly [status: number, type: ErrorType]
}

/** What a provider does wrong, and another one may do right. */
const failed = { retry: true, elsewhere: true, breaker: true, ending: 'failure', outcome: 'failed' } as const
/** Not the provider's doing: it is asked no more, and nobody else is. */
const stopped = { retry: false, elsewhere: false, breaker: false, ending: 'abort', outcome: 'aborted' } as const

export const failures = {
  'server-error': { ...failed, tell: [502, 'api_error'] },
  /** 429: the provider is well, and says when to come back; see `standing.ts`. */
  'rate-limited': { ...failed, retry: false, breaker: false, tell: [429, 'rate_limit_error'] },
  /** 529 */
  overloaded: { ...failed, tell: [529, 'overloaded_error'] },
  /** 404: another provider may have the model. */
  'model-not-found': { ...failed, retry: false, breaker: false, tell: [404, 'not_found_error'] },
  /** Any other 4xx: what is wrong with the request is wrong everywhere. */
  'client-error': { ...stopped, ending: 'success', outcome: 'client-error', tell: [400, 'invalid_request_error'] },
  /** 401, 402: the provider refuses the *proxy's* key, whoever asks. The client's own key is good, and it is not told otherwise. */
  unauthorized: { ...failed, retry: false, tell: [502, 'api_error'] },
  /** 403: the proxy's key may not do what was asked. Another request may pass, so a client cannot open a breaker with it. */
  forbidden: { ...failed, retry: false, breaker: false, tell: [502, 'api_error'] },
  /** Nobody listens there, or the way there is barred. */
  connect: { ...failed, tell: [502, 'api_error'] },
  /** Its name or its certificate will not be better in a moment: no retry. */
  dns: { ...failed, retry: false, tell: [502, 'api_error'] },
  tls: { ...failed, retry: false, tell: [502, 'api_error'] },
  reset: { ...failed, tell: [502, 'api_error'] },
  /** A good status, and a body that is not what was asked for. */
  malformed: { ...failed, tell: [502, 'api_error'] },
  'empty-body': { ...failed, tell: [502, 'api_error'] },
  /** A good status, and an error in the body. */
  'error-event': { ...failed, tell: [502, 'api_error'] },
  /** The answer ended in good order before it was whole. */
  incomplete: { ...failed, tell: [502, 'api_error'] },
  /** After a time-out the client has waited enough: no retry at the same provider. */
  'first-byte-timeout': { ...failed, retry: false, tell: [504, 'timeout_error'] },
  'idle-timeout': { ...failed, retry: false, tell: [504, 'timeout_error'] },
  'total-timeout': { ...failed, retry: false, tell: [504, 'timeout_error'] },
  /** Its total time ran out while it waited for the client to take what it was sent. */
  'slow-client': { ...stopped, tell: [504, 'timeout_error'] },
  /** The client has left: nothing is told to anybody. */
  'client-abort': { ...stopped, tell: [499, 'api_error'] },
  /** Another attempt of the same request spoke first. */
  'hedge-loss': { ...stopped, outcome: 'hedge-loss', tell: [500, 'api_error'] },
  /** Self-fenced: the store may have given the slot away. */
  unleased: { ...failed, retry: false, breaker: false, ending: 'abort', tell: [503, 'api_error'] },
  /** An operator ended the session. 403, because the SDKs do not try that again by themselves. */
  terminated: { ...stopped, outcome: 'terminated', tell: [403, 'permission_error'] },
  /** This instance is being shut down, and its deadline has come. */
  closing: { ...stopped, outcome: 'failed', tell: [503, 'api_error'] },
  /** More requests at once than this instance takes; nobody is asked. */
  'local-overload': { ...stopped, outcome: 'failed', tell: [503, 'api_error'] },
} as const satisfies Record<string, Consequences>

export type Failure = keyof typeof failures

export const consequencesOf = (failure: Failure): Consequences => failures[failure]

/** What ends a request before its time, whatever its providers do. */
export type Stopped = 'client-abort' | 'terminated' | 'closing'

/** Thrown by a transport when there is no usable reply; `message` says why. */
export class TransportError extends Error {
  readonly failure: Failure
  constructor(failure: Failure, message: string) {
    super(message)
    this.failure = failure
  }
}

/** What an upstream status of 400 or more means. */
export function failureOfStatus(status: number): Failure {
  switch (status) {
    case 401:
    case 402:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'model-not-found'
    // Anthropic and OpenAI send it where they gave up waiting: nothing is wrong with the request.
    case 408:
      return 'server-error'
    case 429:
      return 'rate-limited'
    case 529:
      return 'overloaded'
  }
  return status >= 500 ? 'server-error' : 'client-error'
}
