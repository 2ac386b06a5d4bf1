import type { Millis } from '../../proxy/ports.ts'
import { randomFor } from '../random.ts'
import { drawMix, halves, type Mix } from './draw.ts'
import type { Ask, Load } from './load.ts'

export interface SaturateOptions {
  name: string
  from: Millis
  to: Millis
  /** Each has one request under way at a time. */
  clients: number
  mix?: Mix
}

/**
 * A closed loop: whoever has an answer asks again at once, each time as a new session. It asks how much can be served, and says
 * nothing about waiting times: a slow proxy is asked less.
 */
export const saturate = ({ name, from, to, clients, mix = halves }: SaturateOptions): Load => ({
  name,
  asks: seed =>
    Array.from(
      { length: clients },
      (_, n): Ask => ({
        at: from,
        session: `${name}-${n}`,
        ...drawMix(mix, randomFor(seed, name, n)),
        again: { until: to },
      }),
    ),
})
