/** A short run told in a few lines: who asked, who acquired a slot where, what failed, who gave it back, what stayed. */
import type { Verdict } from '../checks/check.ts'
import type { Event } from '../history.ts'
import type { Plan } from '../plan.ts'
import { Teller } from './teller.ts'

/** Longer stories lose their middle. */
const mostLines = 24

/** `events`: the whole history, in order. `plan`: as it was played, cast for its tracker. The last lines are the claims that broke, and why. */
export function storyOf(events: Iterable<Event>, plan: Plan, verdicts: readonly Verdict[]): string[] {
  const broken = verdicts.filter(({ result }) => result === 'fail')
  const teller = new Teller(plan)
  const lines: string[] = []
  for (const event of events)
    for (const text of teller.tell(event)) lines.push(`${(event.at / 1000).toFixed(3).padStart(8)} s  ${text}`)
  return [...shortened(lines), ...broken.map(({ check, because }) => `✗ ${check}: ${because}`)]
}

function shortened(lines: string[]): string[] {
  if (lines.length <= mostLines) return lines
  const half = mostLines / 2
  return [...lines.slice(0, half), `           … ${lines.length - mostLines} lines more …`, ...lines.slice(-half)]
}
