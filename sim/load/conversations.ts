import type { Millis } from '../../proxy/ports.ts'
import { randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Ask, Load } from './load.ts'

export interface Turns {
  from: Millis
  count: number
  everyMs: Millis
}

export interface ConversationsOptions {
  name: string
  sessions: number
  /** Each session asks so often at this spacing; its own start is drawn within the first spacing. */
  turns: readonly Turns[]
  mix?: Mix
}

/** Sessions that ask again and again, each in its own rhythm. */
export const conversations = ({ name, sessions, turns, mix = halves }: ConversationsOptions): Load => ({
  name,
  asks(seed) {
    const asks: Ask[] = []
    for (let s = 0; s < sessions; s++)
      for (const [part, { from, count, everyMs }] of turns.entries()) {
        const offset = randomFor(seed, name, s, part).next() * everyMs
        for (let turn = 0; turn < count; turn++) {
          const random = randomFor(seed, name, s, part, turn)
          asks.push({
            at: wholeMicros(from + offset + turn * everyMs),
            session: `${name}-${s}`,
            ...drawMix(mix, random),
          })
        }
      }
    return asks.sort((a, b) => a.at - b.at)
  },
})
