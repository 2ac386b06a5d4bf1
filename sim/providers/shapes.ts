/** The two wire formats: Anthropic Messages and OpenAI Chat Completions, plain, streamed, and in trouble. */
import type { Shape } from '../../proxy/provider.ts'

export interface WireFormat {
  plain(text: string): string
  /** One string a write, the protocol's last event included. */
  streamed(words: readonly string[]): string[]
  error(status: number): { headers: Readonly<Record<string, string>>; body: string }
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const named = (data: { type: string; [field: string]: unknown }) => `event: ${data.type}\n${event(data)}`

/** https://docs.anthropic.com/en/api/messages-streaming and /en/api/errors */
const anthropicErrors: Record<number, string> = {
  400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error',
  413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error',
}

const anthropic: WireFormat = {
  plain: text =>
    JSON.stringify({
      id: 'msg_storm', type: 'message', role: 'assistant', model: 'claude-storm', content: [{ type: 'text', text }],
      stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 8, output_tokens: 8 },
    }),
  streamed: words => [
    named({
      type: 'message_start',
      message: {
        id: 'msg_storm', type: 'message', role: 'assistant', model: 'claude-storm', content: [], stop_reason: null,
        stop_sequence: null, usage: { input_tokens: 8, output_tokens: 1 },
      },
    }) + named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...words.map(text => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    named({ type: 'content_block_stop', index: 0 }) +
      named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 8 } }) +
      named({ type: 'message_stop' }),
  ],
  error: status =>
    errorReply(status, { type: 'error', error: { type: anthropicErrors[status] ?? 'api_error', message: messageOf(status) }, request_id: 'req_storm' }),
}

/** https://platform.openai.com/docs/api-reference/chat-streaming and /docs/guides/error-codes */
const openaiErrors: Record<number, [type: string, code: string | null]> = {
  400: ['invalid_request_error', null], 401: ['invalid_request_error', 'invalid_api_key'], 404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
}

const chunk = (delta: object, finish: string | null = null) =>
  event({ id: 'chatcmpl-storm', object: 'chat.completion.chunk', created: 0, model: 'gpt-storm', choices: [{ index: 0, delta, finish_reason: finish }] })

const openai: WireFormat = {
  plain: text =>
    JSON.stringify({
      id: 'chatcmpl-storm', object: 'chat.completion', created: 0, model: 'gpt-storm',
      choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 8, completion_tokens: 8, total_tokens: 16 },
    }),
  streamed: words => [
    chunk({ role: 'assistant', content: '' }),
    ...words.map(content => chunk({ content })),
    `${chunk({}, 'stop')}data: [DONE]\n\n`,
  ],
  error(status) {
    const [type, code] = openaiErrors[status] ?? ['server_error', null]
    return errorReply(status, { error: { message: messageOf(status), type, param: null, code } })
  },
}

export const shapes: Readonly<Record<Shape, WireFormat>> = { anthropic, openai }

const messageOf = (status: number) => `the storm answers ${status}`

/** A gateway in front of a provider answers 502 to 504 by itself, in HTML. */
function errorReply(status: number, body: object): ReturnType<WireFormat['error']> {
  if (status >= 502 && status <= 504)
    return { headers: { 'content-type': 'text/html' }, body: `<html><head><title>${status} Bad Gateway</title></head></html>` }
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (status === 429) headers['retry-after'] = '1'
  return { headers, body: JSON.stringify(body) }
}
