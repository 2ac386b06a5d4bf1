/**
 * How a fake provider answers: one pure function from request, behaviour and chance to timed chunks. Hosts play it on
 * sockets, in a test's process or in virtual time.
 */
import type { Millis, Random } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'
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
  /** Each attempt fails with this chance; the rest are healthy. */
  | { kind: 'mixed'; ratio: number; status: number; afterMs: Millis }
  /** Answers 200 with something that is neither JSON nor SSE. */
  | { kind: 'nonsense' }
  /** Breaks the connection after this many chunks of a good answer, which is one chunk when it is not streamed. */
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

/** The same arguments, and a `random` that draws the same, give the same answer. */
export function answer(asked: Asked, behaviour: Behaviour, pace: Pace, random: Random): Answer {
  switch (behaviour.kind) {
    case 'healthy':
      return good(asked, pace, random)
    case 'mixed':
      return random.next() < behaviour.ratio ? error(asked, behaviour, pace, random) : good(asked, pace, random)
    case 'error':
      return error(asked, behaviour, pace, random)
    case 'nonsense':
      return nonsense(pace, random)
    case 'cut': {
      const whole = good(asked, pace, random)
      return { ...whole, chunks: whole.chunks.slice(0, behaviour.afterChunks), end: 'cut', shows: 'cut' }
    }
  }
}

/** The proxy under test has changed the body, or somebody else is asking: nothing to count, and no chance in it. */
export function unreadable(shape: Shape): Answer {
  const { headers, body } = shapes[shape].error(400, 'not a request of a storm')
  return { status: 400, headers, chunks: [{ afterMs: 0, data: body }], end: 'clean', shows: 'error' }
}

function good({ shape, stream }: Asked, pace: Pace, random: Random): Answer {
  const { plain, streamed } = textsOf(shape, pace.tokens)
  const ok = { status: 200, end: 'clean', shows: 'healthy' } as const
  const first = vary(pace.firstByteMs, pace, random)
  if (stream) {
    const chunks = streamed.map((data, n) => ({ afterMs: n === 0 ? first : vary(pace.tokenMs, pace, random), data }))
    return { ...ok, headers: { 'content-type': 'text/event-stream' }, chunks }
  }
  let afterMs = first
  for (let n = 0; n < pace.tokens; n++) afterMs += vary(pace.tokenMs, pace, random)
  return { ...ok, headers: { 'content-type': 'application/json' }, chunks: [{ afterMs, data: plain }] }
}

/** Answers of one length are word for word the same: each is put into words once. */
function textsOf(shape: Shape, tokens: number) {
  const key = `${shape} ${tokens}`
  let texts = textsByKey.get(key)
  if (!texts) {
    const words = Array.from({ length: tokens }, (_, n) => `word${n} `)
    texts = { plain: shapes[shape].plain(words), streamed: shapes[shape].streamed(words) }
    if (textsByKey.size > 1_000) textsByKey.clear()
    textsByKey.set(key, texts)
  }
  return texts
}
const textsByKey = new Map<string, { plain: string; streamed: readonly string[] }>()

function error(
  { shape }: Asked,
  { status, afterMs }: { status: number; afterMs: Millis },
  pace: Pace,
  random: Random,
): Answer {
  const { headers, body } = shapes[shape].error(status)
  const chunks = [{ afterMs: vary(afterMs, pace, random), data: body }]
  return { status, headers, chunks, end: 'clean', shows: 'error' }
}

const nonsense = (pace: Pace, random: Random): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  chunks: [{ afterMs: vary(pace.firstByteMs, pace, random), data: '<html><body>It works!</body></html>' }],
  end: 'clean',
  shows: 'nonsense',
})

const vary = (mean: Millis, { spread }: Pace, random: Random): Millis => mean * (1 + spread * (2 * random.next() - 1))
