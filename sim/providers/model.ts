/** How a fake provider answers: one pure function from request, behaviour and chance to timed chunks. Hosts play it on sockets or in virtual time. */
import type { Millis, Random } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'

/** How quickly an answer comes. Means of exponential draws would be too wild for a baseline: values vary by ±`spread` around these. */
export interface Pace { firstByteMs: Millis; tokens: number; tokenMs: Millis; spread: number }

export type Behaviour =
  | { kind: 'healthy' }
  /** Answers this status, with the provider's real error body, after `afterMs`. */
  | { kind: 'error'; status: number; afterMs: Millis }
  /** Each request fails with this chance, drawn by request; the rest are healthy. */
  | { kind: 'mixed'; ratio: number; status: number; afterMs: Millis }
  /** Answers 200 with something that is neither JSON nor SSE. */
  | { kind: 'nonsense' }
  /** Breaks the connection after this many chunks of a good answer. */
  | { kind: 'cut'; afterChunks: number }

export interface Asked { request: string; session: string; shape: Shape; stream: boolean }

export interface TimedChunk { afterMs: Millis; data: string }

export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  chunks: readonly TimedChunk[]
  /** `cut`: the socket breaks after the last chunk instead of ending. */
  end: 'clean' | 'cut'
  /** Which behaviour this answer shows: `mixed` resolves to `error` or `healthy`. */
  shows: 'healthy' | 'error' | 'nonsense' | 'cut'
}

export type AnswerOf = (asked: Asked, behaviour: Behaviour, pace: Pace, random: Random) => Answer
