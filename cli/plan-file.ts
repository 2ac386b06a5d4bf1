/** plan.json: a plan and the tracker it is about, as a file that `stormproof replay` plays again in either world. */
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { usualProvider } from '../proxy/provider.ts'
import * as trackers from '../proxy/tracker/index.ts'
import { misaimed } from '../sim/faults/aim.ts'
import * as faults from '../sim/faults/index.ts'
import type { DrawnPlan, Plan } from '../sim/plan.ts'
import { topology } from '../sim/topology.ts'
import { BadArgument } from './errors.ts'

const ms = z.number().nonnegative()
const name = z.string().min(1).max(256)

const provider = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9._-]+$/),
  limit: z.int().nonnegative(),
  unit: z.enum(['session', 'attempt']),
  priority: z.number(),
  weight: z.number().positive(),
  heartbeatMs: z.number().positive(),
  tombstoneMs: z.number().positive(),
  firstByteMs: z.number().positive(),
  idleMs: z.number().positive(),
  totalMs: z.number().positive(),
  // Files of before these existed say nothing of them: such plans had one attempt a request, and no breaker.
  attempts: z.int().positive().default(usualProvider.attempts),
  retryBudget: z
    .strictObject({ ratio: z.number().nonnegative(), burst: z.number().nonnegative() })
    .default(usualProvider.retryBudget),
  breaker: z
    .strictObject({
      failures: z.int().nonnegative(),
      windowMs: ms,
      openMs: ms,
      probes: z.int().positive(),
    })
    .default({ ...usualProvider.breaker, failures: 0 }),
  hedge: z.strictObject({ afterMs: ms, loser: z.enum(['abort', 'drain']) }).optional(),
})

const manners = z
  .strictObject({
    whenStoreIsAway: z.enum(['local', 'closed', 'open']),
    providersPerRequest: z.int().positive(),
    backOff: z.strictObject({ baseMs: ms, capMs: ms }),
    stickyMs: ms,
    strict: z.boolean(),
    mostRequests: z.int().positive(),
  })
  .default(topology({ providers: [] }).manners)

const step = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('ask'),
    at: ms,
    request: name,
    via: z.int().nonnegative(),
    session: z.string().max(256),
    shape: z.enum(['anthropic', 'openai']),
    stream: z.boolean(),
    again: z.strictObject({ until: ms }).optional(),
    leaves: z.strictObject({ after: z.enum(['send', 'first-byte']), ms }).optional(),
  }),
  z.strictObject({
    do: z.literal('phase'),
    at: ms,
    phase: z.enum(['warm-up', 'baseline', 'storm', 'recovery', 'rest']),
  }),
  z.strictObject({
    do: z.literal('inject'),
    at: ms,
    id: name,
    call: z
      .object({
        fault: z.enum(Object.values(faults).map(({ name }) => name)),
        provider: name.optional(),
        instance: z.int().nonnegative().optional(),
      })
      .catchall(z.union([z.string(), z.number()])),
    mayMiss: z.literal(true).optional(),
  }),
  z.strictObject({ do: z.literal('heal'), at: ms, id: name }),
])

const file = z.object({
  schema: z.literal(1),
  tracker: name,
  scenario: name,
  seed: z.int().nonnegative(),
  topology: z.strictObject({
    providers: z.array(provider).min(1),
    instances: z.int().positive().max(64),
    older: z
      .strictObject({
        tracker: z.enum(Object.values(trackers).map(({ name }) => name)),
        instances: z.array(z.int().nonnegative()),
      })
      .optional(),
    membership: z.enum(['in-flight', 'recently-active']),
    windowMs: ms,
    transitMs: ms,
    manners,
    toStore: z.strictObject({ minMs: ms, maxMs: ms }).optional(),
  }),
  paces: z.record(
    z.string(),
    z.strictObject({
      firstByteMs: ms,
      tokens: z.int().positive().max(100_000),
      tokenMs: ms,
      spread: z.number().min(0).max(1),
      tail: z.strictObject({ share: z.number().min(0).max(1), times: z.number().positive() }).optional(),
    }),
  ),
  steps: z.array(step),
})

/** The text of a plan file, a step a line: people read and edit these files. A plan of a million steps is never one string. */
export function* planLines(plan: DrawnPlan, tracker: string): Iterable<string> {
  const { steps, ...rest } = plan
  yield `${JSON.stringify({ schema: 1, tracker, ...rest }, null, 2).slice(0, -2)},\n  "steps": [\n`
  let between = ''
  for (const one of steps) {
    yield `${between}    ${JSON.stringify(one)}`
    between = ',\n'
  }
  yield `${between && '\n'}  ]\n}\n`
}

export const planFile = (plan: DrawnPlan, tracker: string): string => [...planLines(plan, tracker)].join('')

/** Reads a plan file, or that of a run: its folder or its run.json. A `BadArgument` says what is wrong, and where. */
export function readPlanFile(given: string): { plan: Plan; tracker: string } {
  const path = planPathOf(given)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new BadArgument(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code}); name a plan.json, or a run's folder`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new BadArgument(`${path}: not JSON: ${(error as Error).message}`)
  }
  const read = file.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    throw new BadArgument(`${path}: ${issue!.path.join('.') || 'the file'}: ${issue!.message}`)
  }
  const { schema: _, tracker, ...plan } = read.data
  const wrong = contradictionIn(plan as Plan)
  if (wrong) throw new BadArgument(`${path}: ${wrong}`)
  return { plan: plan as Plan, tracker }
}

function planPathOf(given: string): string {
  if (basename(given) === 'run.json') return join(dirname(given), 'plan.json')
  const folder = statSync(given, { throwIfNoEntry: false })?.isDirectory()
  return folder ? join(given, 'plan.json') : given
}

/** What no schema can say: how the parts fit together. */
function contradictionIn({ topology, paces, steps }: Plan): string | undefined {
  const { providers, instances, toStore } = topology
  const known = new Set(providers.map(({ id }) => id))
  if (known.size < providers.length) return 'topology.providers: two have the same id'
  for (const id of known) if (!paces[id]) return `paces.${id}: missing`
  if (toStore && toStore.minMs > toStore.maxMs) return 'topology.toStore: minMs is above maxMs'
  const names = new Set<string>()
  for (const [n, step] of steps.entries()) {
    const where = `steps.${n}`
    if (n > 0 && step.at < steps[n - 1]!.at) return `${where}: earlier than the step before it`
    const astray = step.do === 'inject' && misaimed(step.call, topology)
    if (astray) return `${where}: ${astray}`
    if (step.do === 'ask' && step.via >= instances)
      return `${where}: via ${step.via}, and there are ${instances} instances`
    const name = step.do === 'ask' ? `request ${step.request}` : step.do === 'inject' ? `fault ${step.id}` : undefined
    if (name === undefined) continue
    if (names.has(name)) return `${where}: ${name} is there twice`
    names.add(name)
  }
  return undefined
}
