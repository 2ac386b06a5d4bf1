import type { Millis } from '../../proxy/ports.ts'
import { exponential, randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Load } from './load.ts'

export interface RampOptions {
  name: string
  from: Millis
  to: Millis
  /** The mean rate at `from`, and at `to`; it changes evenly between them. */
  perSecond: readonly [number, number]
  mix?: Mix
}

/** Independent arrivals of new sessions at a rate that rises or falls: thinned from those at the higher rate (Lewis and Shedler, 1979). */
export const ramp = ({ name, from, to, perSecond: [first, last], mix = halves }: RampOptions): Load => ({
  name,
  *asks(seed) {
    const gaps = randomFor(seed, name, 'gaps')
    const most = Math.max(first, last)
    for (let at = from, n = 0; ; n++) {
      at += exponential(gaps, 1000 / most)
      if (at >= to) return
      const random = randomFor(seed, name, n)
      const rate = first + ((last - first) * (at - from)) / (to - from)
      if (random.next() * most < rate) yield { at: wholeMicros(at), session: `${name}-${n}`, ...drawMix(mix, random) }
    }
  },
})
