import { type Check, failWith, pass, unknown } from './check.ts'
import { attemptOf, inOrder } from './sample.ts'

export const budgetHolds: Check = {
  name: 'budget-holds',
  claim: 'retries, hedges and failovers stay within what the configuration allows',
  kind: 'safety',
  of({ figures, overBudget }) {
    const most = figures['budget.mostCalls']
    if (most === undefined) return unknown('no provider was ever called')
    const further = figures['budget.furtherTries']!
    return overBudget.length
      ? failWith(overBudget)
      : pass(
          `at most ${most} calls a request, ${further} retries and hedges on ${figures['budget.firstTries']} first tries`,
        )
  },
  counterexample: clean =>
    inOrder([
      ...clean,
      ...[1_610, 1_620, 1_630, 1_640].flatMap((at, n) =>
        attemptOf('alpha', 's9', 'r9', at, at + 5).map(event =>
          'attempt' in event ? { ...event, attempt: `again-${n}` } : event,
        ),
      ),
    ]),
}
