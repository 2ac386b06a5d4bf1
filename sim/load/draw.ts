/** What a request of a load is like besides its time: drawn by its own key, so that no other request moves it. */
import type { Random } from '../../proxy/ports.ts'
import type { Ask } from './load.ts'

export interface Mix {
  /** Share of streamed requests. */
  streams: number
  /** Share of Anthropic-shaped requests; the rest is OpenAI-shaped. */
  anthropic: number
}

export const halves: Mix = { streams: 0.5, anthropic: 0.5 }

export const drawMix = ({ streams, anthropic }: Mix, random: Random): Pick<Ask, 'shape' | 'stream'> => ({
  shape: random.next() < anthropic ? 'anthropic' : 'openai',
  stream: random.next() < streams,
})

/** Plans hold whole microseconds, so that they print and read back as they are. */
export const wholeMicros = (ms: number): number => Math.round(ms * 1000) / 1000
