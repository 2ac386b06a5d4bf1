/** What the server itself answers when a request is not fit for the core: status, type and words, in the caller's protocol. */
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

/** The body of an error. Without a known shape it is readable by clients of both. */
export function errorBody({ type, message }: Pick<Refused, 'type' | 'message'>, shape: Shape | undefined): string {
  if (shape === 'anthropic') return JSON.stringify({ type: 'error', error: { type, message } })
  const error = { message, type, param: null, code: null }
  return JSON.stringify(shape === 'openai' ? { error } : { type: 'error', error })
}
