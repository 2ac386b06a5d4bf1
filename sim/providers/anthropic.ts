/**
 * Anthropic Messages: https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming, /en/api/errors.
 * Ids and counts are fixed, so that the same words are the same bytes.
 */
import { gatewayError, jsonError, sse, type WireFormat } from './wire.ts'

export const anthropic: WireFormat = {
  plain: words => plain({ type: 'text', text: words.join('') }, 'end_turn', words.length),
  streamed: words =>
    streamed(
      { type: 'text', text: '' },
      words.map(text => ({ type: 'text_delta', text })),
      'end_turn',
    ),
  plainCall: (name, pieces) =>
    plain({ type: 'tool_use', id: toolId, name, input: JSON.parse(pieces.join('')) }, 'tool_use', pieces.length),
  streamedCall: (name, pieces) =>
    streamed(
      { type: 'tool_use', id: toolId, name, input: {} },
      pieces.map(partial_json => ({ type: 'input_json_delta', partial_json })),
      'tool_use',
    ),
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

const toolId = 'toolu_storm'

const plain = (content: object, stop: string, tokens: number) =>
  JSON.stringify({
    ...message,
    content: [content],
    stop_reason: stop,
    usage: { input_tokens: 8, output_tokens: tokens },
  })

const streamed = (block: object, deltas: readonly object[], stop: string) => [
  event({ type: 'message_start', message }) +
    event({ type: 'content_block_start', index: 0, content_block: block }) +
    event({ type: 'ping' }),
  ...deltas.map(delta => event({ type: 'content_block_delta', index: 0, delta })),
  event({ type: 'content_block_stop', index: 0 }) +
    event({
      type: 'message_delta',
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: deltas.length },
    }) +
    event({ type: 'message_stop' }),
]

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
