/**
 * OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat, /chat-streaming, /docs/guides/error-codes.
 * Ids, times and counts are fixed, so that the same words are the same bytes.
 */
import { gatewayError, jsonError, sse, type WireFormat } from './wire.ts'

export const openai: WireFormat = {
  plain: words => plain({ content: words.join('') }, 'stop', words.length),
  streamed: words => [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...words.map(content => chunk({ content })),
    chunk({}, 'stop') + sse('[DONE]'),
  ],
  plainCall: (name, pieces) =>
    plain({ content: null, tool_calls: [call(name, pieces.join(''))] }, 'tool_calls', pieces.length),
  streamedCall: (name, pieces) => [
    chunk({ role: 'assistant', content: null, tool_calls: [{ index: 0, ...call(name, '') }] }),
    ...pieces.map(piece => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    chunk({}, 'tool_calls') + sse('[DONE]'),
  ],
  error(status, message) {
    if (status === 502) return gatewayError
    const [type, code, usual] = errors[status] ?? (status < 500 ? errors[400]! : errors[500]!)
    return jsonError(status, { error: { message: message ?? usual, type, param: null, code } })
  },
}

const about = { id: 'chatcmpl-storm', created: 1_700_000_000, model: 'gpt-storm' }

type Finish = 'stop' | 'tool_calls'

const plain = (said: object, finish: Finish, tokens: number) =>
  JSON.stringify({
    ...about,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', ...said, refusal: null }, logprobs: null, finish_reason: finish },
    ],
    usage: { prompt_tokens: 8, completion_tokens: tokens, total_tokens: 8 + tokens },
  })

const call = (name: string, text: string) => ({
  id: 'call_storm',
  type: 'function',
  function: { name, arguments: text },
})

const chunk = (delta: object, finish: Finish | null = null) =>
  sse({
    ...about,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  })

const errors: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ['invalid_request_error', null, 'We could not parse the JSON body of your request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided: stormproof-storm.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'Country, region, or territory not supported'],
  404: [
    'invalid_request_error',
    'model_not_found',
    'The model `gpt-storm` does not exist or you do not have access to it.',
  ],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for gpt-storm on requests per min (RPM).'],
  500: ['server_error', null, 'The server had an error while processing your request. Sorry about that!'],
  503: ['server_error', null, 'The engine is currently overloaded, please try again later'],
}
