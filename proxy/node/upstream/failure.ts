/** What a broken upstream call means, in the words of the closed list. */
import { errors } from 'undici'
import { type Failure, TransportError } from '../../failure.ts'

/** Errors that came before a connection stood, so that a certificate's or a resolver's hundred codes need no list here. */
const beforeConnection = new WeakMap<object, Failure>()

/** Classifies an error of the connector; to be called before undici passes it on. */
export function whileConnecting(error: Error, protocol: string): Error {
  const { code, syscall } = error as NodeJS.ErrnoException
  const noWay = syscall === 'connect' || error instanceof AggregateError || code === 'UND_ERR_CONNECT_TIMEOUT'
  beforeConnection.set(error, syscall === 'getaddrinfo' ? 'dns' : protocol === 'https:' && !noWay ? 'tls' : 'connect')
  return error
}

export function transportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  return new TransportError(failureOf(error), error instanceof Error ? error.message || error.name : String(error))
}

function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return 'reset'
  const early = beforeConnection.get(error)
  if (early) return early
  if (error instanceof errors.HTTPParserError) return 'malformed'
  return malformed.has((error as NodeJS.ErrnoException).code ?? '') ? 'malformed' : 'reset'
}

/** Not HTTP as agreed: too large a head or body, or another length than promised. */
const malformed = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])
