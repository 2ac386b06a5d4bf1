/** Upstream calls by undici. */
import { Agent, request as call, errors } from 'undici'
import { type Failure, TransportError } from '../failure.ts'
import type { Transport } from '../ports.ts'
import type { Shape } from '../provider.ts'

const paths: Record<Shape, string> = { anthropic: '/v1/messages', openai: '/v1/chat/completions' }

/** What of a reply's headers a client may see. Framing and connection headers belong to each hop. */
const passedOn =
  /^(content-type|cache-control|retry-after|request-id|x-request-id|anthropic-.*|openai-.*|x-ratelimit-.*)$/

export function createTransport(): Transport & { close(): Promise<void> } {
  // Time-outs are the attempt's own (see patience.ts), one home for each.
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 })
  return {
    async send(provider, { shape, headers, body }, signal) {
      try {
        const reply = await call(new URL(paths[shape], provider.baseUrl), {
          dispatcher,
          method: 'POST',
          headers: { ...headers },
          body,
          signal,
        })
        const kept: Record<string, string> = {}
        for (const [name, value] of Object.entries(reply.headers))
          if (value !== undefined && passedOn.test(name)) kept[name] = String(value)
        return { status: reply.statusCode, headers: kept, chunks: reply.body }
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw new TransportError(failureOf(error), error instanceof Error ? error.message : String(error))
      }
    },
    close: () => dispatcher.destroy(),
  }
}

function failureOf(error: unknown): Failure {
  const code = (error as { code?: string }).code ?? ''
  if (error instanceof errors.HTTPParserError || code.startsWith('HPE_')) return 'malformed'
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)/.test(code)) return 'connect'
  return 'reset'
}
