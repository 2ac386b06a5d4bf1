/**
 * Anthropic Messages: https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming, /en/api/errors.
 * Ids and counts are fixed, so that the same words are the same bytes.
 */
import { gatewayError, jsonError, sse, type WireFormat } from './wire.ts'

export const anthropic: WireFormat = {
  plain: words =>
    JSON.stringify({
      ...message,
      content: [{ type: 'text', text: words.join('') }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 8, output_tokens: words.length },
    }),
  streamed: words => [
    event({ type: 'message_start', message }) +
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
      event({ type: 'ping' }),
    ...words.map(text => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    event({ type: 'content_block_stop', index: 0 }) +
      event({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: words.length },
      }) +
      event({ type: 'message_stop' }),
  ],
  error(status, message) {
    if (status === 502) return gatewayError
    const [type, usual] = errors[status] ?? (status < 500 ? errors[400]! : errors[500]!)
    return jsonError(status, { type: 'error', error: { type, message: message ?? usual }, request_id: 'req_storm' })
  },
}

const message = {
  id: 'msg_storm',
  type: 'message',
  role: 'assistant',
  model: 'claude-storm',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 8, output_tokens: 1 },
}

const event = (data: { type: string; [field: string]: unknown }) => sse(data, data.type)

const errors: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'messages: at least one message is required'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'model: claude-storm'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your rate limit. Please try again later.'],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
}
