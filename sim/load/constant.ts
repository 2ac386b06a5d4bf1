import type { Millis } from '../../proxy/ports.ts'
import { randomFor } from '../random.ts'
import { drawMix, halves, type Mix, wholeMicros } from './draw.ts'
import type { Load } from './load.ts'

export interface ConstantOptions {
  name: string
  from: Millis
  to: Millis
  everyMs: Millis
  mix?: Mix
}

/** New sessions at an even distance: what a benchmark sends. It hides races, so storms use it only where they mean it. */
export const constant = ({ name, from, to, everyMs, mix = halves }: ConstantOptions): Load => ({
  name,
  *asks(seed) {
    for (let n = 0; from + n * everyMs < to; n++)
      yield {
        at: wholeMicros(from + n * everyMs),
        session: `${name}-${n}`,
        ...drawMix(mix, randomFor(seed, name, n)),
      }
  },
})
