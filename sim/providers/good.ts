/** A whole answer in good order, at a pace. */
import type { Millis, Random } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'
import type { Asked } from './asked.ts'
import type { Answer, Pace } from './model.ts'
import { shapes } from './shapes.ts'

export function good({ shape, stream, tool }: Asked, pace: Pace, random: Random): Answer {
  const { plain, streamed } = textsOf(shape, pace.tokens, tool)
  const ok = { status: 200, end: 'clean', shows: 'healthy' } as const
  const first = vary(pace.firstByteMs, pace, random) * late(pace, random)
  if (stream) {
    const chunks = streamed.map((data, n) => ({ afterMs: n === 0 ? first : vary(pace.tokenMs, pace, random), data }))
    return { ...ok, headers: { 'content-type': 'text/event-stream' }, chunks }
  }
  let afterMs = first
  for (let n = 0; n < pace.tokens; n++) afterMs += vary(pace.tokenMs, pace, random)
  return { ...ok, headers: { 'content-type': 'application/json' }, chunks: [{ afterMs, data: plain }] }
}

export const vary = (mean: Millis, { spread }: Pace, random: Random): Millis =>
  mean * (1 + spread * (2 * random.next() - 1))

const late = ({ tail }: Pace, random: Random) => (tail && random.next() < tail.share ? tail.times : 1)

interface Texts {
  plain: string
  streamed: readonly string[]
}

/** Answers of one length are word for word the same: each is put into words once. */
function textsOf(shape: Shape, tokens: number, tool: string | undefined): Texts {
  const key = `${shape} ${tokens} ${tool ?? ''}`
  let texts = textsByKey.get(key)
  if (!texts) {
    const words = Array.from({ length: tokens }, (_, n) => `word${n} `)
    const format = shapes[shape]
    texts =
      tool === undefined
        ? { plain: format.plain(words), streamed: format.streamed(words) }
        : { plain: format.plainCall(tool, argumentsOf(words)), streamed: format.streamedCall(tool, argumentsOf(words)) }
    if (textsByKey.size > 1_000) textsByKey.clear()
    textsByKey.set(key, texts)
  }
  return texts
}
const textsByKey = new Map<string, Texts>()

/** A tool's arguments: the words as JSON, in the pieces they are streamed in. */
const argumentsOf = (words: readonly string[]) => ['{"words":"', ...words, '"}']
