/** run.json: a finished run as reports read it. */
import { z } from 'zod'

const eventRow = z.looseObject({ at: z.number(), from: z.string(), kind: z.string() })

export const runRecord = z.object({
  schema: z.literal(1),
  scenario: z.string(),
  claim: z.string(),
  world: z.enum(['live', 'virtual']),
  tracker: z.string(),
  seed: z.int().nonnegative(),
  /** The command that plays it again, where that is not `stormproof run` with the seed: its plan came from a file. */
  again: z.string().optional(),
  commit: z.string().nullable(),
  startedAt: z.iso.datetime(),
  wallMs: z.int().nonnegative(),
  /** What history.ndjson holds: same plan, same world, same tracker, same hash (virtual world). */
  history: z.object({ events: z.int().nonnegative(), sha256: z.string() }),
  figures: z.record(z.string(), z.number()),
  receipts: z.array(z.object({ fault: z.string(), landed: z.boolean(), because: z.string() })),
  verdicts: z.array(
    z.object({
      check: z.string(),
      kind: z.enum(['safety', 'liveness', 'soundness']),
      result: z.enum(['pass', 'unknown', 'fail']),
      because: z.string(),
      evidence: z.array(eventRow),
    }),
  ),
  environment: z.record(z.string(), z.string()),
})

export type RunRecord = z.infer<typeof runRecord>
