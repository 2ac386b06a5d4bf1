import type { Millis, Random } from './ports.ts'

/** How long to wait before the nth retry (from 1): full jitter below base·2^(n−1), capped (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export const backOff = (nth: number, { baseMs, capMs }: { baseMs: Millis; capMs: Millis }, random: Random): Millis =>
  random.next() * Math.min(capMs, baseMs * 2 ** (nth - 1))
