/** Reads an upstream answer as it passes: is it what was asked for, and did it end as its protocol says? */
import type { Failure } from './failure.ts'
import type { Shape } from './provider.ts'

export interface Inspector {
  /** `unsure` until enough has been seen to commit to this answer; then `good`, or what is wrong with it. */
  see(chunk: Uint8Array): 'unsure' | 'good' | Failure
  /** Call when the body is over: undefined for a complete answer. */
  end(): Failure | undefined
}

export const inspectorFor = (stream: boolean, shape: Shape, contentType: string): Inspector =>
  stream ? sse(shape, contentType) : json(contentType)

/** Server-sent events (WHATWG HTML, 9.2): both shapes name their last event, so a missing one is a cut. */
function sse(shape: Shape, contentType: string): Inspector {
  const decoder = new TextDecoder()
  const wrongType = !contentType.startsWith('text/event-stream')
  let rest = ''
  let state: ReturnType<Inspector['see']> = 'unsure'
  let complete = false
  const line = (text: string): typeof state => {
    if (text === '' || text.startsWith(':')) return state
    if (!/^(event|data|id|retry)(:|$)/.test(text)) return 'malformed'
    if (/^event: ?error$/.test(text) || /^data: ?\{"error"/.test(text)) return 'error-event'
    if (shape === 'anthropic' ? /^event: ?message_stop$/.test(text) : /^data: ?\[DONE\]$/.test(text)) complete = true
    return text.startsWith('data') ? 'good' : state
  }
  return {
    see(chunk) {
      if (wrongType) return 'malformed'
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r/)
      rest = lines.pop()!
      for (const text of lines) {
        const now = line(text)
        if (now !== 'unsure') state = now
        if (state !== 'unsure' && state !== 'good') return state
      }
      return state
    },
    end: () => (state === 'unsure' ? 'empty-body' : complete ? undefined : 'incomplete'),
  }
}

/** One JSON object: it is enough to see that it opens and closes, the client parses it. */
function json(contentType: string): Inspector {
  const wrongType = !/^application\/([\w.-]+\+)?json/.test(contentType)
  let first: number | undefined
  let last: number | undefined
  return {
    see(chunk) {
      if (wrongType) return 'malformed'
      for (const byte of chunk) {
        if (isSpace(byte)) continue
        first ??= byte
        last = byte
      }
      return first === undefined ? 'unsure' : first === openBrace ? 'good' : 'malformed'
    },
    end: () => (first === undefined ? 'empty-body' : last === closeBrace ? undefined : 'incomplete'),
  }
}

const openBrace = 0x7b
const closeBrace = 0x7d
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
