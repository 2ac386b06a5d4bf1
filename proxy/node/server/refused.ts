/** What the server itself answers when a request is not fit for the core: status, type and words, in the caller's protocol. */
import { errorBody } from '../../errors.ts'
import type { Shape } from '../../provider.ts'

export class Refused extends Error {
  readonly status: number
  /** The error type, as both protocols name it. */
  readonly type: string
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, type: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.type = type
    this.headers = headers
  }
}

const encoder = new TextEncoder()

/** The body of an error. Without a known shape it is readable by clients of both. */
export function bodyOf({ type, message }: Refused, shape: Shape | undefined): Uint8Array {
  if (shape) return errorBody(shape, type, message)
  return encoder.encode(JSON.stringify({ type: 'error', error: { message, type, param: null, code: null } }))
}
