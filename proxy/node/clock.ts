/** The host's clock and chance, as the core's ports. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance, Clock } from '../ports.ts'

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (duration, signal) => sleep(Math.max(0, duration), undefined, signal && { signal }),
  after(duration, wake) {
    const timer = setTimeout(wake, Math.max(0, duration))
    return () => clearTimeout(timer)
  },
}

/** 32 bits from the operating system a draw: tokens of two boots must not meet. */
export const systemChance: Chance = { of: () => ({ next: () => randomBytes(4).readUInt32BE() / 2 ** 32 }) }
