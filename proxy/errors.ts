/** Errors of the proxy's own, in the words of the client's protocol. */
import type { Shape } from './provider.ts'

/** OpenAI names fewer errors; its SDK goes by the status. */
const openaiTypes: Readonly<Record<string, string>> = {
  authentication_error: 'invalid_request_error',
  permission_error: 'invalid_request_error',
  not_found_error: 'invalid_request_error',
  request_too_large: 'invalid_request_error',
  timeout_error: 'server_error',
  api_error: 'server_error',
  overloaded_error: 'server_error',
}

const encoder = new TextEncoder()

/** The body of an error reply. */
export const errorBody = (shape: Shape, type: string, message: string): Uint8Array =>
  encoder.encode(errorText(shape, type, message))

/** What a stream that breaks off says last: an error event, and not its protocol's end. */
export const errorEvent = (shape: Shape, type: string, message: string): Uint8Array =>
  encoder.encode(`${shape === 'anthropic' ? 'event: error\n' : ''}data: ${errorText(shape, type, message)}\n\n`)

function errorText(shape: Shape, type: string, message: string): string {
  if (shape === 'anthropic') return JSON.stringify({ type: 'error', error: { type, message } })
  return JSON.stringify({ error: { message, type: openaiTypes[type] ?? type, param: null, code: null } })
}
