/** What can become of a good answer on its way out. */
import type { Random } from '../../proxy/ports.ts'
import type { Asked } from './asked.ts'
import { vary } from './good.ts'
import type { Answer, Pace, TimedChunk } from './model.ts'
import { shapes } from './shapes.ts'
import { sse } from './wire.ts'

/** Its first chunks, so many bytes of the one after them, and then this end. */
export function brokenOff(
  whole: Answer,
  afterChunks: number,
  end: Pick<Answer, 'end' | 'endAfterMs' | 'shows'>,
  afterBytes = 0,
): Answer {
  const next = whole.chunks[afterChunks]
  const torn = afterBytes > 0 && next ? [{ ...next, data: next.data.slice(0, afterBytes) }] : []
  return { ...whole, chunks: [...whole.chunks.slice(0, afterChunks), ...torn], ...end }
}

export function unterminated(whole: Answer): Answer {
  const { chunks } = whole
  const [only] = chunks
  const kept =
    chunks.length > 1 ? chunks.slice(0, -1) : [{ ...only!, data: only!.data.slice(0, only!.data.length >> 1) }]
  return { ...whole, chunks: kept, shows: 'unterminated' }
}

/** Neither protocol has such a line, and no JSON begins so. */
const garbage = 'upstream connect error or disconnect/reset before headers\n\n'

export const malformed = (whole: Answer, afterChunks: number): Answer => ({
  ...whole,
  chunks: goingOnWith(whole, afterChunks, garbage),
  shows: 'malformed',
})

export function errorInAnswer({ shape, stream }: Asked, whole: Answer, afterChunks: number): Answer {
  const { body } = shapes[shape].error(529)
  const said = stream ? sse(body, shape === 'anthropic' ? 'error' : undefined) : body
  return { ...whole, chunks: goingOnWith(whole, afterChunks, said), shows: 'error-event' }
}

/** A plain answer is one chunk: there is nothing good before it. */
function goingOnWith({ chunks }: Answer, afterChunks: number, data: string): TimedChunk[] {
  const kept = Math.min(afterChunks, chunks.length - 1)
  return [...chunks.slice(0, kept), { afterMs: chunks[kept]!.afterMs, data }]
}

export const empty = (whole: Answer): Answer => ({
  ...whole,
  chunks: [{ afterMs: whole.chunks[0]!.afterMs, data: '' }],
  shows: 'empty',
})

export const nonsense = (pace: Pace, random: Random): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  chunks: [{ afterMs: vary(pace.firstByteMs, pace, random), data: '<html><body>It works!</body></html>' }],
  end: 'clean',
  shows: 'nonsense',
})
