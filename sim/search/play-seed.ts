/** Plays one seed of a search, and keeps only what the search asks for. */
import type { Tell } from '../history.ts'
import { asksOf, type DrawnPlan, type Plan } from '../plan.ts'
import { Unplayable } from '../play.ts'
import { type Run, run, type Storm } from '../run.ts'
import type { World } from '../world.ts'

/** What one seed came to. Plain data: it travels between threads and processes. */
export interface Outcome {
  seed: number
  requests: number
  /** Virtual time that passed, ms. */
  simulatedMs: number
  /** Names of the checks that failed. */
  failed: readonly string[]
  /** What the first of them says. */
  because?: string
  /** Why something could not be judged, a sentence a check. */
  unknown: readonly string[]
  /** The world lacks a lever: nothing was played. */
  skipped?: string
  /** The world itself broke down: a failure of ours, not of the tracker. */
  broke?: string
  /** history.ndjson, where it was asked for. */
  history?: string
}

/** One that can be shrunk. */
export interface SearchedStorm extends Storm {
  plan: Plan
}

/** Never rejects, unless `interrupted`. */
export async function playSeed(
  storm: Storm,
  open: (plan: DrawnPlan, tell: Tell) => Promise<World>,
  { keepHistory = false, signal }: { keepHistory?: boolean; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const lines: string[] = []
  let simulatedMs = 0
  const about = { seed: storm.plan.seed, requests: asksOf(storm.plan).length }
  const kept = () => (keepHistory ? { history: lines.join('') } : {})
  try {
    const played = await run(storm, open, event => {
      simulatedMs = event.at
      if (keepHistory) lines.push(`${JSON.stringify(event)}\n`)
    })
    return { ...outcomeOf(played, simulatedMs), ...kept() }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Unplayable) return skippedBecause(storm, error)
    return { ...about, simulatedMs, failed: [], unknown: [], broke: String(error), ...kept() }
  }
}

/** `tookMs`: how much of the world's time passed. */
export function outcomeOf({ plan, verdicts }: Pick<Run, 'plan' | 'verdicts'>, tookMs: number): Outcome {
  const failed = verdicts.filter(({ result }) => result === 'fail')
  const [first] = failed
  return {
    seed: plan.seed,
    requests: asksOf(plan).length,
    simulatedMs: tookMs,
    failed: failed.map(({ check }) => check),
    ...(first && { because: first.because }),
    unknown: verdicts.filter(({ result }) => result === 'unknown').map(({ check, because }) => `${check}: ${because}`),
  }
}

export const skippedBecause = ({ plan }: Pick<Storm, 'plan'>, { message }: Unplayable): Outcome => ({
  seed: plan.seed,
  requests: 0,
  simulatedMs: 0,
  failed: [],
  unknown: [`skipped: ${message}`],
  skipped: message,
})

/** A seed to be shrunk and told: a claim broke, or the world. */
export const isFailure = ({ failed, broke }: Outcome): boolean => failed.length > 0 || broke !== undefined

/** Which failures of the original another outcome shows: the same checks, or a world that broke down in the same words. */
export function shownAgain(original: Outcome): (other: Outcome) => string[] {
  // Times, names and counts differ in a smaller plan.
  const words = (text: string | undefined) => text?.replaceAll(/\d+(\.\d+)?/g, '#')
  const broke = words(original.broke)
  if (broke !== undefined) return other => (words(other.broke) === broke ? [broke] : [])
  return other => original.failed.filter(check => other.failed.includes(check))
}
