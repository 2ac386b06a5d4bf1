/** The virtual node against a real redis-server: every reply, and all that is there after each case, must be equal. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as trackers from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import { type LoneRedis, launchLoneServer } from '../worlds/live/lone/index.ts'
import type { Wire } from '../worlds/live/lone/wire.ts'
import { findRedisServer, thisMachine } from '../worlds/live/redis-server.ts'
import { luaModule, scriptOf, sha1 } from '../worlds/virtual/resources.ts'
import { commandCase } from './differential/commands.ts'
import { excluded } from './differential/excluded.ts'
import { fullCase, scriptCacheCase, scriptCase } from './differential/lua.ts'
import { type Outcome, type Players, play } from './differential/play.ts'
import { operations, playTracker } from './differential/trackers.ts'
import { LuaEngine } from './lua/engine.ts'

/** One for the whole file, so that a second try of a test is the same try. */
const seed = Number(process.env.STORMPROOF_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** For campaigns: so many times the usual number of cases. */
const times = Number(process.env.STORMPROOF_TIMES ?? 1)
const again = `STORMPROOF_SEED=${seed}${times === 1 ? '' : ` STORMPROOF_TIMES=${times}`} npm test -- sim/redis/differential`

let redis: LoneRedis
let wire: Wire

beforeAll(async () => {
  console.log(`replay: ${again}`)
  const server = await findRedisServer(thisMachine(console.error))
  redis = await launchLoneServer({ server, flags: { databases: '1', 'enable-debug-command': 'yes' } })
  wire = await redis.open()
  // Nothing goes before it is touched, as on a virtual node that no server sweeps.
  await wire.pipeline([['DEBUG', 'SET-ACTIVE-EXPIRE', '0']])
})
afterAll(async () => {
  wire?.close()
  await redis?.stop()
})

const players = (engine = new LuaEngine(luaModule())): Players => ({ pipeline: c => wire.pipeline(c), engine, sha1 })

/** A case is one generated sequence. */
async function compare<T>(
  cases: fc.Arbitrary<readonly T[]>,
  count: number,
  playOne: (steps: readonly T[], by: Players) => Promise<Outcome>,
) {
  const told = { cases: 0, steps: 0, undecidable: 0 }
  let by = players()
  const property = fc.asyncProperty(cases, async steps => {
    // Compiled scripts stay with their engine.
    if (++told.cases % 1_000 === 0) by = players()
    told.steps += steps.length
    const outcome = await playOne(steps, by)
    if (outcome.kind === 'undecidable') told.undecidable++
    if (outcome.kind === 'different') throw new Error(outcome.because)
  })
  await fc.assert(property, {
    seed,
    numRuns: count * times,
    reporter({ failed, errorInstance, numRuns, numShrinks, counterexample }) {
      if (!failed) return
      const because = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
      throw new Error(
        `${because}\nseen in case ${numRuns}, shrunk ${numShrinks} times: ${JSON.stringify(counterexample)}\nreplay: ${again}`,
      )
    },
  })
  console.log(`${expect.getState().currentTestName}: ${JSON.stringify(told)}`)
  expect(told.undecidable).toBeLessThan(told.cases / 20)
}

test('commands', () => compare(commandCase, 5_000, play))
test('scripts', () => compare(scriptCase, 3_000, play))
test('scripts by their hash', () => compare(scriptCacheCase(sha1), 1_000, play))
test('a full memory', () => compare(fullCase, 1_000, play))

describe.each(Object.values<TrackerVariant>(trackers))('tracker $name', variant => {
  test('operations', () => compare(operations, 250, (steps, by) => playTracker(variant, steps, by, scriptOf)))
})

test.each(Object.entries(excluded))('still different: %s', async (_, steps) => {
  expect(await play(steps, players())).toMatchObject({ kind: 'different' })
})
