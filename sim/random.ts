/** Seeded chance. Every draw is keyed by what it is for, so that removing one step of a plan changes no other. */
import type { Chance, Random } from '../proxy/ports.ts'

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, uniform enough for load and latencies; not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0
      let t = Math.imul(state ^ (state >>> 15), state | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    },
  }
}

/** One draw in [0, 1) for whole numbers instead of words: cheap enough for every message of a network. */
export function drawFor(seed: number, a: number, b: number): number {
  let hash = Math.imul(seed ^ Math.imul(a | 0, 0x9e3779b1) ^ Math.floor(a / 2 ** 32), 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 15)) + Math.imul(b, 0x27d4eb2f), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13), 0x165667b1)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** The number that stands for these words, as the `seed` of `drawFor`. */
export const seedFor = (seed: number, ...keys: readonly string[]): number =>
  Math.floor(randomFor(seed, ...keys).next() * 2 ** 32)

/** A stream of its own for (seed, keys…): FNV-1a over the keys, then murmur3's finaliser. */
export function randomFor(seed: number, ...keys: readonly (string | number)[]): Random {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let k = 0; k < keys.length; k++) {
    // Between two keys a character 0, without making one text of all.
    if (k > 0) hash = Math.imul(hash, 16777619)
    const text = String(keys[k])
    for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 16777619)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return createRandom(hash ^ (hash >>> 16))
}

/** Seeded chance as a port: what one owner draws. */
export const chanceFor = (seed: number, owner: string): Chance => ({
  of: (...purpose) => randomFor(seed, owner, ...purpose),
})

/** An exponential gap with the given mean: what lies between the arrivals of a Poisson process. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random.next()) * mean
