/** What a request of a load is like besides its time: drawn by its own key, so that no other request moves it. */
import type { Random } from '../../proxy/ports.ts'
import type { Ask, Leaving } from './load.ts'

export interface Mix {
  /** Share of streamed requests. */
  streams: number
  /** Share of Anthropic-shaped requests; the rest is OpenAI-shaped. */
  anthropic: number
  /** Share of clients that leave early: half of them counted from the send, half from the first byte, up to `withinMs` later. */
  leavers?: { share: number; withinMs: number }
}

export const halves: Mix = { streams: 0.5, anthropic: 0.5 }

export function drawMix({ streams, anthropic, leavers }: Mix, random: Random): Omit<Ask, 'at' | 'session'> {
  const shape = random.next() < anthropic ? 'anthropic' : 'openai'
  const stream = random.next() < streams
  const leaves = leavers && random.next() < leavers.share ? drawLeaving(leavers.withinMs, random) : undefined
  return leaves ? { shape, stream, leaves } : { shape, stream }
}

export const drawLeaving = (withinMs: number, random: Random): Leaving => ({
  after: random.next() < 0.5 ? 'send' : 'first-byte',
  ms: wholeMicros(random.next() * withinMs),
})

/** Plans hold whole microseconds, so that they print and read back as they are. */
export const wholeMicros = (ms: number): number => Math.round(ms * 1000) / 1000
