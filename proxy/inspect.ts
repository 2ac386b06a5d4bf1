/** Reads an upstream answer as it passes: is it what was asked for, and did it end as its protocol says? */
import type { Failure } from './failure.ts'
import type { Shape } from './provider.ts'
import { Sse } from './sse.ts'

export interface Inspector {
  /** `unsure` until enough has been seen to commit to this answer; then `good`, or what is wrong with it. */
  see(chunk: Uint8Array): 'unsure' | 'good' | Failure
  /** Bytes at the end of what was seen that do not make a whole event yet. */
  readonly open: number
  /** The protocol's last word has been seen, whole. */
  readonly complete: boolean
  /** Call when the body is over: undefined for a complete answer. */
  end(): Failure | undefined
}

export const inspectorFor = (stream: boolean, shape: Shape, contentType: string): Inspector =>
  stream
    ? contentType.startsWith('text/event-stream')
      ? new Sse(shape)
      : wrongType
    : /^application\/([\w.-]+\+)?json/.test(contentType)
      ? new Json()
      : wrongType

const wrongType: Inspector = { see: () => 'malformed', open: 0, complete: false, end: () => 'empty-body' }

/** A plain answer is of no use in parts: so much of it is awaited before it is passed on, and another provider may still speak. */
const mostUnsureBytes = 64 * 1024

/** One JSON object: it is enough to see that it opens and closes, the client parses it. */
class Json implements Inspector {
  readonly open = 0
  readonly complete = false
  #bytes = 0
  #head = ''
  #last = 0

  see(chunk: Uint8Array): 'unsure' | 'good' | Failure {
    this.#bytes += chunk.length
    for (let at = 0; at < chunk.length && this.#head.length < 32; at++)
      if (this.#head !== '' || !isSpace(chunk[at]!)) this.#head += String.fromCharCode(chunk[at]!)
    for (let at = chunk.length - 1; at >= 0; at--)
      if (!isSpace(chunk[at]!)) {
        this.#last = chunk[at]!
        break
      }
    if (this.#head !== '' && !this.#head.startsWith('{')) return 'malformed'
    return this.#bytes > mostUnsureBytes ? (this.#error() ?? 'good') : 'unsure'
  }

  end(): Failure | undefined {
    if (this.#head === '') return 'empty-body'
    return this.#error() ?? (this.#last === closeBrace ? undefined : 'incomplete')
  }

  /** An error in spite of a good status. */
  #error(): Failure | undefined {
    return /^\{\s*("error"\s*:\s*[^\sn]|"type"\s*:\s*"error")/.test(this.#head) ? 'error-event' : undefined
  }
}

const closeBrace = 0x7d
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
