/** Which check caught which tracker in which scenario, and whether that is what they declare. */
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import { mustFail } from '../../sim/run.ts'
import type { Scenario } from '../../sim/scenario.ts'
import type { Outcome } from '../../sim/search/play-seed.ts'
import type { World } from '../../sim/world.ts'

/** One tracker in one scenario of one world, on all seeds. */
export interface Cell {
  world: World['name']
  scenario: string
  tracker: string
  declared: 'passes' | 'is caught' | 'nothing'
  seeds: number
  /** On how many of the seeds each check failed. */
  caughtBy: Readonly<Record<string, number>>
  /** Seeds on which it did not behave as declared, and how. */
  astray: readonly { seed: number; because: string }[]
  /** Why something could not be judged of one that should pass; and worlds that broke down, whoever was played. */
  undecided: readonly { seed: number; because: string }[]
  skipped?: string
}

export function cellOf(
  world: World['name'],
  scenario: Scenario,
  tracker: TrackerVariant,
  outcomes: readonly Outcome[],
): Cell {
  const declared = declaredOf(scenario, tracker)
  const skipped = outcomes.find(outcome => outcome.skipped !== undefined)?.skipped
  const caughtBy: Record<string, number> = {}
  for (const check of outcomes.flatMap(({ failed }) => failed)) caughtBy[check] = (caughtBy[check] ?? 0) + 1
  const about = { world, scenario: scenario.name, tracker: tracker.name, declared, seeds: outcomes.length, caughtBy }
  if (skipped !== undefined) return { ...about, astray: [], undecided: [], skipped }
  const broke = outcomes.flatMap(({ seed, broke: because }) => (because === undefined ? [] : [{ seed, because }]))
  const whole = outcomes.filter(outcome => outcome.broke === undefined)
  if (declared === 'is caught') {
    const must = mustFail(scenario, tracker)
    const astray = whole.flatMap(({ seed, failed }) => {
      const missed = must.filter(check => !failed.includes(check))
      if (must.length && missed.length === 0) return []
      return [{ seed, because: `not caught by ${missed.join(', ') || 'any check'}` }]
    })
    return { ...about, astray, undecided: broke }
  }
  if (declared === 'nothing') return { ...about, astray: [], undecided: broke }
  const astray = whole.flatMap(({ seed, failed, because }) =>
    failed.length ? [{ seed, because: `accused by ${failed.join(', ')}: ${because}` }] : [],
  )
  const open = whole.flatMap(({ seed, unknown }) => (unknown.length ? [{ seed, because: unknown[0]! }] : []))
  return { ...about, astray, undecided: [...broke, ...open] }
}

function declaredOf({ catches, spares }: Scenario, { name, breaks }: TrackerVariant): Cell['declared'] {
  if (catches.includes(name)) return 'is caught'
  return breaks.length === 0 || spares.includes(name) ? 'passes' : 'nothing'
}

/** Wrong ones that no check caught in any scenario of a world, although one was played there that could. */
export function survivorsOf(cells: readonly Cell[], wrong: readonly TrackerVariant[]): string[] {
  const worlds = [...new Set(cells.map(({ world }) => world))]
  return worlds.flatMap(world =>
    wrong
      .filter(({ name }) => {
        const own = cells.filter(cell => cell.world === world && cell.tracker === name && cell.skipped === undefined)
        return own.length > 0 && own.every(({ caughtBy }) => Object.keys(caughtBy).length === 0)
      })
      .map(({ name }) => `${name} survives the ${world} world`),
  )
}
