/**
 * How a fake provider answers: one pure function from request, behaviour and chance to timed chunks. Hosts play it on
 * sockets, in a test's process or in virtual time.
 */
import type { Millis, Random } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'
import { randomFor } from '../random.ts'
import type { Asked } from './asked.ts'
import { good, vary } from './good.ts'
import { shapes } from './shapes.ts'
import { brokenOff, empty, errorInAnswer, malformed, nonsense, unterminated } from './spoilt.ts'

/** How quickly a good answer comes; each duration varies by ±`spread` around its mean. */
export interface Pace {
  firstByteMs: Millis
  tokens: number
  tokenMs: Millis
  spread: number
  /** So large a share of the answers begins so many times later: the tail that real latencies have. */
  tail?: { share: number; times: number }
}

export type Behaviour =
  | { kind: 'healthy' }
  /** Well, at another pace. */
  | { kind: 'slow'; firstByteMs?: Millis; tokenMs?: Millis }
  /** Answers this status, with the protocol's real error body; a 429 says when to come back. */
  | { kind: 'error'; status: number; afterMs: Millis; retryAfterS?: number }
  /** This share of the attempts, drawn one by one, is answered so; the rest is healthy. */
  | { kind: 'mixed'; ratio: number; of: Behaviour }
  /** Finds this share of the requests at fault (400): the same ones at every provider, however often they come. */
  | { kind: 'rejects'; ratio: number; afterMs: Millis }
  /** Nobody listens: connections are refused, and what is in flight goes on. */
  | { kind: 'refuses' }
  /** Says no more after so many chunks of a good answer (0: not even the head), and keeps the connection. */
  | { kind: 'silent'; afterChunks: number }
  /** Resets the connection so long after so many chunks of a good answer; 0: before the head. */
  | { kind: 'resets'; afterChunks: number; afterMs: Millis }
  /** Closes the connection after this many chunks of a good answer, which is one chunk when it is not streamed, and so many bytes of the next. */
  | { kind: 'cut'; afterChunks: number; afterBytes?: number }
  /** Answers 200 with something that is neither JSON nor SSE. */
  | { kind: 'nonsense' }
  /** Ends a good answer in good order before its last chunk, or half-way when it is not streamed. */
  | { kind: 'unterminated' }
  /** After so many chunks of a good answer comes what is not SSE, or not JSON. */
  | { kind: 'malformed'; afterChunks: number }
  /** A good status, and the protocol's error in the body, after so many good chunks. */
  | { kind: 'error-event'; afterChunks: number }
  /** A good status, and no body. */
  | { kind: 'empty' }

/** What an answer can show: `mixed` and `rejects` show what they came to. */
export type Shown = Exclude<Behaviour['kind'], 'mixed'>

export interface TimedChunk {
  /** After the chunk before it. */
  afterMs: Millis
  data: string
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  /** The head travels with the first of them. */
  chunks: readonly TimedChunk[]
  /**
   * After the last chunk. `cut`: the connection is closed in mid-answer. `reset`: it is reset. `silent`: nothing more comes until the
   * other side leaves. `refused`: there was no connection, and so no attempt.
   */
  end: 'clean' | 'cut' | 'reset' | 'silent' | 'refused'
  /** So long after the last chunk; at once where it is not said. */
  endAfterMs?: Millis
  shows: Shown
}

/** Whether the provider did what it was asked to, once all of this is said. */
export const isGood = ({ status, end, shows }: Answer): boolean =>
  status < 400 && end === 'clean' && (shows === 'healthy' || shows === 'slow')

/** The same arguments, and a `random` that draws the same, give the same answer. */
export function answer(asked: Asked, behaviour: Behaviour, pace: Pace, random: Random): Answer {
  switch (behaviour.kind) {
    case 'healthy':
      return good(asked, pace, random)
    case 'slow': {
      const { kind, ...slower } = behaviour
      return { ...good(asked, { ...pace, ...slower }, random), shows: kind }
    }
    case 'mixed':
      return answer(asked, random.next() < behaviour.ratio ? behaviour.of : { kind: 'healthy' }, pace, random)
    case 'error':
      return error(asked, behaviour, pace, random)
    case 'rejects':
      // What is wrong with a request is its own: no provider's chance decides it.
      return randomFor(0, 'poisoned', asked.request).next() < behaviour.ratio
        ? { ...error(asked, { status: 400, afterMs: behaviour.afterMs }, pace, random), shows: 'rejects' }
        : good(asked, pace, random)
    case 'refuses':
      return { status: 0, headers: {}, chunks: [], end: 'refused', shows: 'refuses' }
    case 'silent':
      return brokenOff(good(asked, pace, random), behaviour.afterChunks, { end: 'silent', shows: 'silent' })
    case 'resets': {
      const { afterChunks, afterMs } = behaviour
      const whole = good(asked, pace, random)
      return brokenOff(whole, afterChunks, { end: 'reset', endAfterMs: vary(afterMs, pace, random), shows: 'resets' })
    }
    case 'cut': {
      const { afterChunks, afterBytes } = behaviour
      return brokenOff(good(asked, pace, random), afterChunks, { end: 'cut', shows: 'cut' }, afterBytes)
    }
    case 'nonsense':
      return nonsense(pace, random)
    case 'unterminated':
      return unterminated(good(asked, pace, random))
    case 'malformed':
      return malformed(good(asked, pace, random), behaviour.afterChunks)
    case 'error-event':
      return errorInAnswer(asked, good(asked, pace, random), behaviour.afterChunks)
    case 'empty':
      return empty(good(asked, pace, random))
  }
}

const unreadableBecause =
  'not a request of a storm: the last message must read "stormproof request <name>", and user (metadata.user_id) must name a session'

/** The proxy under test has changed the body, or somebody else is asking: nothing to count, and no chance in it. */
export function unreadable(shape: Shape): Answer {
  const { headers, body } = shapes[shape].error(400, unreadableBecause)
  return { status: 400, headers, chunks: [{ afterMs: 0, data: body }], end: 'clean', shows: 'error' }
}

function error(
  { shape }: Asked,
  { status, afterMs, retryAfterS }: { status: number; afterMs: Millis; retryAfterS?: number },
  pace: Pace,
  random: Random,
): Answer {
  const { headers, body } = shapes[shape].error(status)
  return {
    status,
    headers: retryAfterS === undefined ? headers : { ...headers, 'retry-after': String(retryAfterS) },
    chunks: [{ afterMs: vary(afterMs, pace, random), data: body }],
    end: 'clean',
    shows: 'error',
  }
}
