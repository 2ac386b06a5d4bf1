/** What came of one scenario's claim, in whatever worlds it was played. */
import { markOf, paint } from '../../reports/paint.ts'
import type { Result } from '../../sim/checks/check.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { isFailure, type Outcome } from '../../sim/search/play-seed.ts'
import { exitCodes } from '../errors.ts'
import { amount } from '../search/telling.ts'

export interface Claim {
  scenario: Scenario
  /** Absent where it was not asked for, or not come to. */
  played: Partial<Record<Scenario['worlds'][number], Outcome[]>>
}

/** `skipped`: no world that was asked for could play it. */
export type Came = Result | 'skipped'

export function whatCameOf({ played }: Claim): Came {
  const outcomes = Object.values(played)
    .flat()
    .filter(({ skipped }) => skipped === undefined)
  if (outcomes.some(({ failed }) => failed.length)) return 'fail'
  if (outcomes.some(({ broke, unknown }) => broke !== undefined || unknown.length)) return 'unknown'
  return outcomes.length ? 'pass' : 'skipped'
}

/** The claim's line; below it, indented, what failed, could not be judged or was skipped, and the command that plays it again. */
export function linesOf(claim: Claim, width: number, colour: boolean): string[] {
  const { scenario, played } = claim
  const came = whatCameOf(claim)
  const mark = came === 'skipped' ? paint('-', 33, colour) : markOf(came, colour)
  const entries = Object.entries(played)
  const told = entries.map(([world, outcomes]) => tally(world, outcomes)).join(', ') || 'not played'
  return [
    `${mark} ${scenario.name.padEnd(width)}  ${scenario.claim} (${told})`,
    ...entries.flatMap(([world, outcomes]) => troubles(scenario, world, outcomes)),
  ]
}

function tally(world: string, outcomes: readonly Outcome[]): string {
  if (outcomes.every(({ skipped }) => skipped !== undefined)) return `${world} skipped`
  const held = outcomes.filter(outcome => !isFailure(outcome) && outcome.unknown.length === 0).length
  return `${world} ${held === outcomes.length ? amount(held, 'seed') : `${held} of ${amount(outcomes.length, 'seed')}`}`
}

/** One of each kind: the first seed stands for the others. */
function troubles({ name }: Scenario, world: string, outcomes: readonly Outcome[]): string[] {
  const again = ({ seed }: Outcome) => `      again: npx stormproof run ${name} --world ${world} --seed ${seed}`
  const first = (is: (outcome: Outcome) => boolean, says: (outcome: Outcome) => string): string[] => {
    const outcome = outcomes.find(is)
    return outcome ? [`    ${world}: ${says(outcome)}`, ...(outcome.skipped === undefined ? [again(outcome)] : [])] : []
  }
  return [
    ...first(
      ({ failed }) => failed.length > 0,
      ({ seed, failed, because }) => `seed ${seed} fails ${failed.join(', ')}: ${because}`,
    ),
    ...first(
      ({ broke }) => broke !== undefined,
      ({ seed, broke }) => `seed ${seed} breaks the world down: ${broke}`,
    ),
    ...first(
      ({ skipped, unknown }) => skipped === undefined && unknown.length > 0,
      ({ seed, unknown }) => `seed ${seed} cannot be judged: ${unknown[0]}`,
    ),
    ...first(
      ({ skipped }) => skipped !== undefined,
      ({ skipped }) => `skipped: ${skipped}`,
    ),
  ]
}

/** 70 where a virtual world broke down, else the worst of them; what was not played is nothing that held. */
export function exitCodeOf(claims: readonly Claim[]): number {
  const came = claims.map(whatCameOf)
  if (claims.some(({ played }) => played.virtual?.some(({ broke }) => broke !== undefined))) return exitCodes.ours
  if (came.includes('fail')) return exitCodes.failed
  return came.includes('unknown') || !came.includes('pass') ? exitCodes.unknown : exitCodes.passed
}
