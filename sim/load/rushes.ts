import type { Millis } from '../../proxy/ports.ts'
import { randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Load } from './load.ts'

export interface RushesOptions {
  name: string
  from: Millis
  to: Millis
  everyMs: Millis
  /** New sessions that ask at the same instant. */
  size: number
  mix?: Mix
}

/** Many strangers at one instant, as after a deployment or a news item; the instants vary by a fifth of their distance. */
export const rushes = ({ name, from, to, everyMs, size, mix = halves }: RushesOptions): Load => ({
  name,
  *asks(seed) {
    for (let rush = 0; from + rush * everyMs < to; rush++) {
      const at = wholeMicros(from + (rush + randomFor(seed, name, rush).next() / 5) * everyMs)
      for (let n = 0; n < size; n++)
        yield { at, session: `${name}-${rush}-${n}`, ...drawMix(mix, randomFor(seed, name, rush, n)) }
    }
  },
})
