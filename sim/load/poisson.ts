import type { Millis } from '../../proxy/ports.ts'
import { exponential, randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Load } from './load.ts'

export interface PoissonOptions {
  name: string
  from: Millis
  to: Millis
  perSecond: number
  /** Requests share this many sessions; without it each is a session of its own. */
  sessions?: number
  mix?: Mix
}

/** Independent arrivals at a mean rate: evenly spaced load would hide races. */
export const poisson = ({ name, from, to, perSecond, sessions, mix = halves }: PoissonOptions): Load => ({
  name,
  *asks(seed) {
    let n = 0
    const gaps = randomFor(seed, name, 'gaps')
    for (let at = from + exponential(gaps, 1000 / perSecond); at < to; at += exponential(gaps, 1000 / perSecond)) {
      const random = randomFor(seed, name, n)
      const session = `${name}-${sessions === undefined ? n : Math.floor(random.next() * sessions)}`
      n++
      yield { at: wholeMicros(at), session, ...drawMix(mix, random) }
    }
  },
})
