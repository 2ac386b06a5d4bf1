import type { Millis } from '../../ports.ts'

/** What one server takes from all its callers, so that none of them can use it up. */
export interface ServerLimits {
  /** Open connections; further ones are closed at once. */
  connections: number
  /** Requests in flight; further ones get 503. */
  requests: number
  /** One body. */
  bodyBytes: number
  /** All bodies of requests in flight together; what would exceed it gets 503. */
  bufferedBytes: number
  /** A request's line and headers together. */
  headerBytes: number
  /** From the first byte of a request (or the connection) to the end of its headers. */
  headersMs: Millis
  /** From the first byte of a request to the end of its body. */
  requestMs: Millis
  /** How long a connection may idle between two requests. */
  keepAliveMs: Millis
  /** How long a reply may wait for its client to take something; then the client counts as gone. */
  stalledMs: Millis
}

export const serverLimits: ServerLimits = {
  connections: 10_000,
  requests: 2_000,
  bodyBytes: 10 * 1024 * 1024,
  bufferedBytes: 256 * 1024 * 1024,
  headerBytes: 32 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 65_000,
  stalledMs: 30_000,
}
