/** plan.json: a plan and the tracker it is about, as a file that `stormproof replay` plays again in either world. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { usualProvider } from '../proxy/provider.ts'
import * as faults from '../sim/faults/index.ts'
import type { Plan } from '../sim/plan.ts'
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
      .object({ fault: z.enum(Object.values(faults).map(({ name }) => name)), provider: name })
      .catchall(z.union([z.string(), z.number()])),
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
    membership: z.enum(['in-flight', 'recently-active']),
    windowMs: ms,
    transitMs: ms,
    manners,
  }),
  paces: z.record(
    z.string(),
    z.strictObject({
      firstByteMs: ms,
      tokens: z.int().positive().max(100_000),
      tokenMs: ms,
      spread: z.number().min(0).max(1),
    }),
  ),
  steps: z.array(step),
})

/** The text of a plan file. */
export const planFile = (plan: Plan, tracker: string): string => {
  const { steps, ...rest } = plan
  const head = JSON.stringify({ schema: 1, tracker, ...rest }, null, 2).slice(0, -2)
  // A step a line: people read and edit these files.
  return `${head},\n  "steps": [\n${steps.map(one => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]\n}\n`
}

/** Reads a plan file. A `BadArgument` says what is wrong with it, and where. */
export function readPlanFile(path: string): { plan: Plan; tracker: string } {
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
  const known = new Set(plan.topology.providers.map(({ id }) => id))
  for (const id of known) if (!plan.paces[id]) throw new BadArgument(`${path}: paces.${id}: missing`)
  for (const [n, one] of plan.steps.entries()) {
    const where = `${path}: steps.${n}`
    if (n > 0 && one.at < plan.steps[n - 1]!.at) throw new BadArgument(`${where}: earlier than the step before it`)
    if (one.do === 'inject' && !known.has(one.call.provider))
      throw new BadArgument(`${where}: no provider "${one.call.provider}" in the topology`)
    if (one.do === 'ask' && one.via >= plan.topology.instances)
      throw new BadArgument(`${where}: via ${one.via}, and there are ${plan.topology.instances} instances`)
  }
  return { plan: plan as Plan, tracker }
}
