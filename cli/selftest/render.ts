/** The matrix for a person: scenarios down, trackers across, and below it who was caught where by what. */
import { paint } from '../../reports/paint.ts'
import type { Cell } from './matrix.ts'

const legend =
  '● caught as declared  ○ caught as well  ✓ passes as declared  · not caught, and nothing declared  ✗ not as declared  ? could not be judged  - skipped'

export function renderMatrix(cells: readonly Cell[], colour: boolean): string {
  const worlds = [...new Set(cells.map(({ world }) => world))]
  return [
    ...worlds.map(world =>
      grid(
        world,
        cells.filter(cell => cell.world === world),
        colour,
      ),
    ),
    legend,
  ].join('\n\n')
}

function grid(world: string, cells: readonly Cell[], colour: boolean): string {
  const trackers = [...new Set(cells.map(({ tracker }) => tracker))]
  const scenarios = [...new Set(cells.map(({ scenario }) => scenario))]
  const width = Math.max(world.length, ...scenarios.map(name => name.length))
  const letters = trackers.map((_, n) => String.fromCharCode('a'.charCodeAt(0) + n))
  const row = (scenario: string) =>
    trackers.map(tracker => {
      const cell = cells.find(one => one.scenario === scenario && one.tracker === tracker)
      return cell ? markOf(cell, colour) : ' '
    })
  const nameWidth = Math.max(...trackers.map(name => name.length))
  return [
    `${world.padEnd(width)}  ${letters.join(' ')}`,
    ...scenarios.map(scenario => `${scenario.padEnd(width)}  ${row(scenario).join(' ')}`.trimEnd()),
    '',
    ...trackers.map(
      (tracker, n) =>
        `${letters[n]} ${tracker.padEnd(nameWidth)}  ${caught(cells.filter(cell => cell.tracker === tracker))}`,
    ),
  ].join('\n')
}

function markOf({ declared, caughtBy, astray, undecided, skipped }: Cell, colour: boolean): string {
  if (skipped !== undefined) return paint('-', 33, colour)
  if (astray.length) return paint('✗', 31, colour)
  if (undecided.length) return paint('?', 33, colour)
  if (declared === 'passes') return paint('✓', 32, colour)
  const isCaught = Object.keys(caughtBy).length > 0
  if (declared === 'is caught') return paint('●', 32, colour)
  return isCaught ? '○' : '·'
}

function caught(cells: readonly Cell[]): string {
  const says = ({ scenario, caughtBy }: Cell) => `${scenario} (${Object.keys(caughtBy).join(', ')})`
  const hits = cells.filter(({ caughtBy }) => Object.keys(caughtBy).length > 0)
  const declared = hits.filter(cell => cell.declared === 'is caught').map(says)
  const accused = hits.filter(cell => cell.declared === 'passes').map(says)
  const others = hits.filter(cell => cell.declared === 'nothing').map(({ scenario }) => scenario)
  return (
    [
      accused.length && `ACCUSED in ${accused.join(', ')}`,
      declared.length && `caught in ${declared.join(', ')}`,
      others.length && `also in ${others.join(', ')}`,
    ]
      .filter(Boolean)
      .join('; ') || 'no check failed'
  )
}
