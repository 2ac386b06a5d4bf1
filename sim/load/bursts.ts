import type { Millis } from '../../proxy/ports.ts'
import { exponential, randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Load } from './load.ts'

export interface BurstsOptions {
  name: string
  from: Millis
  to: Millis
  /** Bursts, not requests. */
  perSecond: number
  /** Parallel requests of one session. */
  size: number
  sessions: number
  mix?: Mix
}

/** A session sends several requests at one instant, as an agent with parallel tool calls does. */
export const bursts = ({ name, from, to, perSecond, size, sessions, mix = halves }: BurstsOptions): Load => ({
  name,
  *asks(seed) {
    const gaps = randomFor(seed, name, 'gaps')
    let burst = 0
    for (let at = from + exponential(gaps, 1000 / perSecond); at < to; at += exponential(gaps, 1000 / perSecond)) {
      const session = `${name}-${Math.floor(randomFor(seed, name, burst).next() * sessions)}`
      for (let n = 0; n < size; n++)
        yield { at: wholeMicros(at), session, ...drawMix(mix, randomFor(seed, name, burst, n)) }
      burst++
    }
  },
})
