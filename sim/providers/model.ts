/** How a fake provider answers: one pure function from request, behaviour and chance to timed chunks. Hosts play it on sockets or in virtual time. */
import type { Millis, Random } from '../../proxy/ports.ts'
import type { Asked } from './asked.ts'
import { shapes } from './shapes.ts'

/** How quickly a good answer comes; each duration varies by ±`spread` around its mean. */
export interface Pace {
  firstByteMs: Millis
  tokens: number
  tokenMs: Millis
  spread: number
}

export type Behaviour =
  | { kind: 'healthy' }
  /** Answers this status, with the protocol's real error body. */
  | { kind: 'error'; status: number; afterMs: Millis }
  /** Each request fails with this chance, drawn by request; the rest are healthy. */
  | { kind: 'mixed'; ratio: number; status: number; afterMs: Millis }
  /** Answers 200 with something that is neither JSON nor SSE. */
  | { kind: 'nonsense' }
  /** Breaks the connection after this many chunks of a good answer. */
  | { kind: 'cut'; afterChunks: number }

export type Shown = 'healthy' | 'error' | 'nonsense' | 'cut'

export interface TimedChunk {
  /** After the chunk before it. */
  afterMs: Millis
  data: string
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  chunks: readonly TimedChunk[]
  /** `cut`: the socket breaks after the last chunk instead of ending. */
  end: 'clean' | 'cut'
  /** What this answer shows: `mixed` resolves to `error` or `healthy`. */
  shows: Shown
}

export function answer(asked: Asked, behaviour: Behaviour, pace: Pace, random: Random): Answer {
  switch (behaviour.kind) {
    case 'healthy':
      return good(asked, pace, random)
    case 'mixed':
      return random.next() < behaviour.ratio ? error(asked, behaviour, pace, random) : good(asked, pace, random)
    case 'error':
      return error(asked, behaviour, pace, random)
    case 'nonsense':
      return {
        status: 200, headers: { 'content-type': 'text/html' }, shows: 'nonsense', end: 'clean',
        chunks: [{ afterMs: vary(pace.firstByteMs, pace, random), data: '<html><body>It works!</body></html>' }],
      }
    case 'cut': {
      const whole = good({ ...asked, stream: true }, pace, random)
      return { ...whole, chunks: whole.chunks.slice(0, behaviour.afterChunks), end: 'cut', shows: 'cut' }
    }
  }
}

function good(asked: Asked, pace: Pace, random: Random): Answer {
  const { streamed, plain } = shapes[asked.shape]
  const words = Array.from({ length: pace.tokens }, (_, n) => `word${n} `)
  if (!asked.stream) {
    const afterMs = vary(pace.firstByteMs, pace, random) + words.reduce(sum => sum + vary(pace.tokenMs, pace, random), 0)
    return { status: 200, headers: { 'content-type': 'application/json' }, chunks: [{ afterMs, data: plain(words.join('')) }], end: 'clean', shows: 'healthy' }
  }
  const chunks = streamed(words).map((data, n) => ({ afterMs: vary(n === 0 ? pace.firstByteMs : pace.tokenMs, pace, random), data }))
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, chunks, end: 'clean', shows: 'healthy' }
}

function error(asked: Asked, { status, afterMs }: { status: number; afterMs: Millis }, pace: Pace, random: Random): Answer {
  const { headers, body } = shapes[asked.shape].error(status)
  return { status, headers, chunks: [{ afterMs: vary(afterMs, pace, random), data: body }], end: 'clean', shows: 'error' }
}

const vary = (mean: Millis, { spread }: Pace, random: Random): Millis => mean * (1 + spread * (2 * random.next() - 1))
