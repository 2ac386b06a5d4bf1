/** Shrinks a plan that fails to the smallest that still does. */
import type { Plan } from '../plan.ts'
import type { Cut } from './cuts/cut.ts'
import * as simpler from './cuts/simpler.ts'
import * as smaller from './cuts/smaller.ts'

/** Which of the original's failures this plan still shows; none when it does not fail, or fails otherwise. */
export type Shows = (plan: Plan) => Promise<readonly string[]>

export interface Shrunk {
  plan: Plan
  /** How many plans were played on the way. */
  plays: number
}

/** The coarse ones come first: what they drop need not be played again and again. One of the failures must stay. */
const dropping: readonly Cut[] = [
  smaller.fewerProviders,
  smaller.fewerInstances,
  smaller.fewerSessions,
  smaller.lowerLimits,
  smaller.fewerSteps,
  smaller.mergedSessions,
]

/** They make a plan easier to read, which is not worth any failure that it still shows. */
const smoothing: readonly Cut[] = [
  simpler.shorterFaults,
  simpler.clientsThatStay,
  simpler.plainAsks,
  simpler.oneShape,
  simpler.simplerPaces,
  simpler.usualProviders,
  simpler.earlierTimes,
]

/** Of large plans a thousand would be held in memory, and they do not come again. */
const smallLength = 16 * 1024

/**
 * Undefined when the plan itself does not fail. The result fails, its steps are in order of time, and no cut makes it smaller; after `mostPlays` it is the smallest so far.
 * A small plan is never played twice.
 */
export async function shrink(plan: Plan, shows: Shows, mostPlays = 1_000): Promise<Shrunk | undefined> {
  const passed = new Set<string>()
  let plays = 0
  let progressed = true

  async function shownBy(candidate: Plan): Promise<readonly string[]> {
    if (plays >= mostPlays) return []
    const text = JSON.stringify(candidate)
    if (passed.has(text)) return []
    plays++
    const shown = await shows(candidate)
    if (shown.length === 0 && text.length < smallLength) passed.add(text)
    return shown
  }

  let shown = await shownBy(plan)
  if (shown.length === 0) return undefined
  const accepting = (enough: (now: readonly string[]) => boolean) => async (candidate: Plan) => {
    const now = await shownBy(candidate)
    if (now.length === 0 || !enough(now)) return false
    shown = now
    return (progressed = true)
  }
  const any = accepting(() => true)
  const all = accepting(now => shown.every(failure => now.includes(failure)))

  let smallest = plan
  while (progressed) {
    progressed = false
    for (const cut of dropping) smallest = await cut(smallest, any)
    for (const cut of smoothing) smallest = await cut(smallest, all)
  }
  return { plan: smallest, plays }
}
