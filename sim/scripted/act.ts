/** What a scripted provider does with one call, and the few things that real ones do. */
import type { Failure } from '../../proxy/failure.ts'
import type { Millis } from '../../proxy/ports.ts'

export interface Act {
  /** Until the status line comes; `never`: until the caller gives up. */
  headMs: Millis | 'never'
  status: number
  headers: Readonly<Record<string, string>>
  /** Each so long after the one before it; `@` stands for the provider and the number of the call. */
  chunks: readonly (readonly [afterMs: Millis, text: string])[]
  /** After the last chunk. `silent`: until the caller gives up. */
  end: 'clean' | 'reset' | 'silent'
  /** Instead of a status line. */
  fails?: Failure
  /** It goes on speaking although the caller has given up. */
  deaf?: boolean
}

const act = (given: Partial<Act>): Act => ({
  headMs: 10,
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  chunks: [],
  end: 'clean',
  ...given,
})

const openai = ['data: {"n":0}\n\n', 'data: {"n":1}\n\n', 'data: [DONE]\n\n'] as const
const json = { 'content-type': 'application/json' }

export const acts = {
  /** A whole stream in OpenAI's shape. */
  ok: (headMs: Millis = 10): Act => act({ headMs, chunks: openai.map(text => [10, text] as const) }),
  /** A stream of these chunks, 10 ms apart. */
  says: (chunks: readonly string[], end: Act['end'] = 'clean'): Act =>
    act({ chunks: chunks.map(text => [10, text] as const), end }),
  plain: (text: string, end: Act['end'] = 'clean'): Act => act({ headers: json, chunks: [[0, text]], end }),
  error: (status: number, headers: Record<string, string> = {}): Act =>
    act({
      status,
      headers: { ...json, ...headers },
      chunks: [[0, `{"error":{"message":"said ${status}"}}`]],
    }),
  html: (status: number): Act => act({ status, headers: { 'content-type': 'text/html' }, chunks: [[0, '<html>']] }),
  /** There is no usable reply. */
  fails: (failure: Failure): Act => act({ fails: failure }),
  /** It accepts, and never answers. */
  silent: (): Act => act({ headMs: 'never' }),
} as const
