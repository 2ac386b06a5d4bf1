/** What each provider does now: a stack, so that faults may overlap and heal in any order. */
import type { Behaviour, Shown } from './model.ts'

export interface Behaviours {
  now(): Behaviour
  /** From now on so; the answer is the way back. */
  behave(behaviour: Behaviour): () => void
  count(shown: Shown): void
  /** Answers begun so far, by what they showed. */
  counts(): Partial<Record<Shown, number>>
}

export function createBehaviours(): Behaviours {
  const stack: { behaviour: Behaviour }[] = []
  const counts: Partial<Record<Shown, number>> = {}
  return {
    now: () => stack.at(-1)?.behaviour ?? { kind: 'healthy' },
    behave(behaviour) {
      const entry = { behaviour }
      stack.push(entry)
      return () => {
        const at = stack.indexOf(entry)
        if (at >= 0) stack.splice(at, 1)
      }
    },
    count(shown) {
      counts[shown] = (counts[shown] ?? 0) + 1
    },
    counts: () => ({ ...counts }),
  }
}
