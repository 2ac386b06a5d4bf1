/** What follows from an attempt that has ended. */
import type { Attempted } from './attempted.ts'
import { consequencesOf } from './failure.ts'
import type { Millis } from './ports.ts'
import type { Standing } from './standing.ts'

/** `answer`: nobody is asked any more. `retry`: the same provider, after a back-off. `switch`: the next one, at once. */
export type Step = 'answer' | 'retry' | 'switch'

/** A retry is taken from the provider's budget. `tries`: attempts of this request at this provider so far. */
export function decide(attempted: Attempted, standing: Standing, tries: number, now: Millis): Step {
  if (attempted.outcome === 'refused') return 'switch'
  if (attempted.outcome !== 'failed') return 'answer'
  const { retry, elsewhere } = consequencesOf(attempted.failure)
  const may = retry && tries < standing.provider.attempts && standing.waitMs(now) <= 0
  if (may && standing.budget.spend()) return 'retry'
  return elsewhere ? 'switch' : 'answer'
}
