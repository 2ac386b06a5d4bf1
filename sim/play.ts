/** Plays a plan in a world, in a straight line. */

import type { Millis } from '../proxy/ports.ts'
import type { Fault, Heal } from './faults/fault.ts'
import * as faults from './faults/index.ts'
import type { Levers, Receipt } from './levers.ts'
import { type DrawnPlan, drawAsks, type ScheduledStep, scheduledOf } from './plan.ts'
import type { Topology } from './topology.ts'
import type { World } from './world.ts'

/** Something a fault left to be done: the cure, and then the question whether it landed. */
interface Standing {
  fault: string
  heal: Heal
  receipt(): Promise<Receipt>
}

/** The world lacks a lever that the plan pulls: such a storm is skipped, never passed. */
export class Unplayable extends Error {}

/** Rejects with `Unplayable` before anything is touched. */
export async function play(plan: DrawnPlan, world: World): Promise<void> {
  const levers = leversFor(plan, world)
  const standing = new Map<string, Standing>()
  const healed: [string, Standing][] = []
  const healing: Promise<void>[] = []
  const time = { sleep: (ms: Millis) => world.until(world.now() + ms) }

  async function heal(id: string) {
    const trouble = standing.get(id)
    if (!trouble) return
    standing.delete(id)
    await trouble.heal()
    world.record({ kind: 'fault-healed', fault: trouble.fault, id })
    healed.push([id, trouble])
  }

  /** Beside all else: a cure may take a while, or need another one first. Joined below. */
  function startHealing(id: string) {
    const cure = heal(id)
    cure.catch(() => {})
    healing.push(cure)
  }

  async function take(step: ScheduledStep) {
    if (step.do === 'phase') return world.record({ kind: 'phase', phase: step.phase })
    if (step.do === 'heal') return startHealing(step.id)
    const fault = faultNamed(step.call.fault)
    const { instance, session } = step.call
    const takes = typeof fault.takes === 'function' ? fault.takes(step.call) : fault.takes
    world.record({
      kind: 'fault-injected',
      fault: fault.name,
      id: step.id,
      ...(takes && { takes }),
      ...(instance !== undefined && { instance: `proxy-${instance + 1}` }),
      ...(session !== undefined && { session: String(session) }),
      ...(step.mayMiss && { mayMiss: true }),
    })
    const injected = await fault.inject(levers, step.call, time)
    standing.set(step.id, { fault: fault.name, ...injected })
  }

  world.begin()
  const asked = world.ask(drawAsks(plan))
  // Joined below; should the run be interrupted before that, its rejection is not a second error.
  asked.catch(() => {})
  try {
    for (const step of scheduledOf(plan)) {
      await world.until(step.at)
      await take(step)
    }
    await asked
  } finally {
    for (const id of [...standing.keys()]) startHealing(id)
    await allDone(healing)
  }
  for (const [id, { fault, receipt }] of healed) world.record({ kind: 'receipt', fault, id, ...(await receipt()) })
  await rest(plan.topology, world)
  await world.finish()
}

/** Waits for all of them, then rejects as the first that did. */
async function allDone(work: readonly Promise<void>[]) {
  await Promise.allSettled(work)
  await Promise.all(work)
}

/** Nobody asks any more: one look when everything in transit has arrived, and one when no window excuses a member. */
async function rest(topology: Topology, world: World) {
  world.record({ kind: 'phase', phase: 'rest' })
  await world.until(world.now() + 3 * topology.transitMs)
  await world.census()
  if (topology.membership === 'in-flight') return
  await world.until(world.now() + topology.windowMs)
  await world.census()
}

/** All that the plan's faults pull is there; what else may be lacking, nobody asks for. */
function leversFor(plan: DrawnPlan, { levers, name: world }: World): Levers {
  for (const step of scheduledOf(plan)) {
    if (step.do !== 'inject') continue
    const { name, needs } = faultNamed(step.call.fault)
    const lacking = needs.filter(lever => !levers[lever])
    if (lacking.length) throw new Unplayable(`${name} needs ${lacking.join(', ')}, which the ${world} world has not`)
  }
  return levers as Levers
}

function faultNamed(name: string): Fault {
  const fault = Object.values<Fault>(faults).find(known => known.name === name)
  if (!fault) throw new Error(`no fault ${name}`)
  return fault
}
