/** The sentences of a search. */
import type { Outcome } from '../../sim/search/play-seed.ts'
import type { Tally } from '../../sim/search/seeds.ts'
import type { Subject } from './ordered.ts'

export const nameOf = ({ scenario, tracker, swarm }: Subject): string =>
  `${scenario} with ${tracker}${swarm ? ', swarm' : ''}`

export const amount = (n: number, what: string): string => `${whole(n)} ${what}${n === 1 ? '' : 's'}`
const whole = (n: number): string => Math.round(n).toLocaleString('en-US')

/** How far it is, and how long it takes at this speed. Short: a terminal's line must hold it. */
export function progressOf(
  { scenario }: Subject,
  { seeds, simulatedMs }: Tally,
  { count, wallMs }: { count: number; wallMs: number },
): string {
  const perSecond = seeds / (wallMs / 1000)
  const left = seeds ? `, ${duration(((count - seeds) / perSecond) * 1000)} to go` : ''
  const played = `${whole(seeds)}/${amount(count, 'seed')}, ${perSecond.toFixed(1)}/s`
  return `${scenario}: ${played}, ${whole(simulatedMs / wallMs)} simulated s/s${left};`
}

/** The one line of a search in which no claim broke. */
export function summaryOf(
  subject: Subject,
  { seeds, requests, simulatedMs }: Tally,
  { wallMs, twice, unknown }: { wallMs: number; twice: number; unknown: readonly Outcome[] },
): string {
  const judged = unknown.length ? `no claim broke, ${unknown.length} could not be judged` : 'every claim held'
  const played = `${amount(requests, 'request')} in ${duration(simulatedMs)} of virtual time`
  const speed = `${(seeds / (wallMs / 1000)).toFixed(1)} seeds/s`
  return `${nameOf(subject)}: ${amount(seeds, 'seed')}, ${judged}; ${played}, ${speed}; ${twice} played again in another process, to the same byte`
}

export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}
