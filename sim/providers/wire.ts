/** A wire format: what a provider of one shape says, word for word. */

import type { Millis } from '../../proxy/ports.ts'

/** An error's own headers and body; the status says the rest. */
export interface ErrorReply {
  headers: Readonly<Record<string, string>>
  body: string
}

export interface WireFormat {
  /** The whole answer as one JSON body. */
  plain(words: readonly string[]): string
  /** The whole answer as server-sent events, one string a write: what opens it, each word, and what ends it. */
  streamed(words: readonly string[]): string[]
  /** The same two for a call of this tool, whose arguments are JSON in these pieces. */
  plainCall(tool: string, pieces: readonly string[]): string
  streamedCall(tool: string, pieces: readonly string[]): string[]
  /** The error body this provider sends with this status. */
  error(status: number, message?: string): ErrorReply
}

/** One server-sent event; `name` only where the protocol names its events. */
export const sse = (data: object | string, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

/** A JSON error, with the header that a 429 of either provider carries: whole seconds, as RFC 9110 has it. */
export const jsonError = (status: number, body: object): ErrorReply => ({
  headers: { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '1' }) },
  body: JSON.stringify(body),
})

/** What a reply says about when to come back, as these providers say it; undefined where it says nothing. */
export function retryAfterIn(seconds: string | null | undefined): Millis | undefined {
  return seconds ? 1000 * Number(seconds) : undefined
}

/** A 502 comes from the gateway in front of a provider, which speaks HTML whatever the API behind it speaks. */
export const gatewayError: ErrorReply = {
  headers: { 'content-type': 'text/html' },
  body: [
    '<html>',
    '<head><title>502 Bad Gateway</title></head>',
    '<body>',
    '<center><h1>502 Bad Gateway</h1></center>',
    '<hr><center>cloudflare</center>',
    '</body>',
    '</html>',
    '',
  ].join('\r\n'),
}
