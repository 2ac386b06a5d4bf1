/** The closed list of what can go wrong with an attempt, and what follows from each. */

export type Failure =
  | 'server-error'
  | 'rate-limited'
  | 'overloaded'
  | 'model-not-found'
  | 'client-error'
  /** The provider refuses the proxy's own key (401, 402). */
  | 'unauthorized'
  /** The proxy's key may not do what was asked (403). */
  | 'forbidden'
  /** Nobody listens there, or the way there is barred. */
  | 'connect'
  | 'dns'
  | 'tls'
  | 'reset'
  | 'malformed'
  | 'empty-body'
  | 'error-event'
  | 'incomplete'
  | 'first-byte-timeout'
  | 'idle-timeout'
  | 'total-timeout'

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
  if (status === 429) return 'rate-limited'
  if (status === 529) return 'overloaded'
  if (status === 404) return 'model-not-found'
  return status >= 500 ? 'server-error' : 'client-error'
}

/** A client's own error would fail everywhere: no other provider is asked. */
export const mayTryElsewhere = (failure: Failure): boolean => failure !== 'client-error'
