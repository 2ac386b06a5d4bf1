/**
 * Between what a swarm draws, and why not further. Within these ranges every claim is still meant to hold, and can be judged: a
 * storm in which no session's last attempt fails, for one, says nothing about residency.
 */
import { randomFor } from '../../random.ts'

export interface Range {
  from: number
  to: number
  /** Whole numbers, both ends included. */
  whole?: true
  why: string
}

export const ranges = {
  stretch: { from: 0.5, to: 2, why: '× each phase: shorter and no fault lands; longer and a seed takes too long' },
  instances: { from: 1, to: 5, whole: true, why: 'beyond five nothing new meets' },
  added: { from: 0, to: 2, whole: true, why: 'providers: more than that are never reached' },
  dropped: { from: 0, to: 1, whole: true, why: '1: the last one goes, if no fault needs it' },
  limit: { from: 0.4, to: 1.5, why: '× the limit, at least 1: less, and its sessions never leave; more is never met' },
  unit: { from: 0, to: 1, whole: true, why: '1: the limit counts attempts' },
  heartbeatMs: { from: 200, to: 1_500, whole: true, why: 'leases of 0.8 to 6 s: shorter and longer than the storm' },
  tombstoneMs: { from: 5_000, to: 60_000, whole: true, why: 'outlives every delayed copy: those take at most 2 s' },
  equals: { from: 0, to: 1, whole: true, why: '1: all providers are drawn by weight' },
  weight: { from: 0.2, to: 5, why: 'a rarer provider is never drawn' },
  firstByte: {
    from: 0.5,
    to: 2,
    why: '× the pace, at least the shortest attempt; longer, and busy sessions never leave',
  },
  tokens: { from: 0.3, to: 2, why: '× the pace, at least 1; longer, and busy sessions never leave' },
  tokenMs: { from: 0.5, to: 1.5, why: '× the pace; longer, and busy sessions never leave' },
  spread: { from: 0, to: 0.8, why: 'of each duration: above 1 it could be negative' },
  toStoreMs: { from: 0.05, to: 1, why: 'shortest way to the store: the same host to the same region' },
  toStoreSpread: { from: 1, to: 4, why: '× the shortest: 8 ms there and back is far below `transitMs`' },
  rate: { from: 0.3, to: 1.5, why: '× the requests: fewer and no fault lands' },
  sessions: { from: 40, to: 200, whole: true, why: 'requests share so many: fewer are always busy and never leave' },
  streams: { from: 0, to: 1, why: 'share of streamed requests' },
  anthropic: { from: 0, to: 1, why: 'share of Anthropic-shaped requests' },
  leavers: {
    from: 0,
    to: 0.3,
    why: 'share of clients that leave: more, and too few sessions end in a failure to be judged',
  },
  leavesWithinMs: { from: 30, to: 400, whole: true, why: 'from before the first byte to the middle of a stream' },
  faultStart: { from: 0, to: 0.3, why: 'later, in shares of its time: the load of a storm begins with its fault' },
  faultLength: { from: 0.6, to: 1.2, why: '× its time, up to the end: shorter, and no session’s last attempt fails' },
  status: { from: 0, to: 4, whole: true, why: 'which of `statuses`: those that lead to another provider' },
  ratio: { from: 0.4, to: 0.8, why: 'of the attempts: less, and no session’s last one fails; more, and it is no mix' },
  afterMs: { from: 15, to: 250, whole: true, why: 'until the error comes, at least the shortest attempt' },
  secondFault: { from: 0, to: 2, whole: true, why: '1: another overlaps at the same provider, 2: at another; 0: none' },
  faultPace: { from: 0.5, to: 1, why: '× its delays and pauses: more, and scenarios that are tuned to them starve' },
  planted: { from: 0.005, to: 0.3, why: '× the members that a fault plants: more, and a seed takes seconds' },
  extraFault: { from: 0, to: 0.999, why: 'which of those that the scenario allows' },
  extraStart: { from: 0, to: 0.6, why: 'in shares of the storm: it is over before the storm is' },
  extraLength: { from: 0.1, to: 0.4, why: 'in shares of the storm: shorter, and nobody feels it' },
  secondStart: { from: 0.2, to: 0.6, why: 'in shares of the first fault’s time: the two overlap' },
} satisfies Record<string, Range>

export type RangeName = keyof typeof ranges

export const statuses = [500, 502, 503, 529, 429] as const

/**
 * `tracks-truth` allows 10 % of the session time served, and each attempt costs the way of its end to the proxy and of its
 * release to the store. An attempt takes at least 15 times that way, so that a storm of nothing but errors stays below it.
 */
export const shortestAttemptMs = (toStoreMaxMs: number): number => 15 * (mostToProviderMs + toStoreMaxMs)
const mostToProviderMs = 0.6

/** A value from the range, keyed by what it is for; `usual` where this seed, or every one, leaves the parameter alone. */
export type Draw = (name: RangeName, usual: number, ...of: readonly string[]) => number

export function drawFrom(seed: number, fixed: readonly string[] = []): Draw {
  return (name, usual, ...of) => {
    if (fixed.includes(name) || randomFor(seed, 'swarm', 'varies', name).next() < 0.5) return usual
    const { from, to, whole }: Range = ranges[name]
    const share = randomFor(seed, 'swarm', name, ...of).next()
    if (whole) return from + Math.floor(share * (to - from + 1))
    // Three digits: plans are read by people.
    return Number((from + share * (to - from)).toPrecision(3))
  }
}
