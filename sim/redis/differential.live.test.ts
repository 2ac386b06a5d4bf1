/** The virtual node against a real redis-server: every reply, and all that is there after each case, must be equal. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as trackers from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import { type LoneRedis, launchLoneServer } from '../worlds/live/lone/index.ts'
import type { Wire } from '../worlds/live/lone/wire.ts'
import { findRedisServer, thisMachine } from '../worlds/live/redis-server.ts'
import { luaEngine, luaModule, scriptOf, sha1 } from '../worlds/virtual/resources.ts'
import { anyCommand, commandCase } from './differential/commands.ts'
import { excluded } from './differential/excluded.ts'
import { anyEval, fullCase, replicaCase, scriptCacheCase, scriptCase } from './differential/lua.ts'
import { type Outcome, type Players, play } from './differential/play.ts'
import { text } from './differential/text.ts'
import { operations, playTracker } from './differential/trackers.ts'
import { LuaEngine } from './lua/engine.ts'
import { VirtualNode } from './node.ts'

/** One for the whole file, so that a second try of a test is the same try. */
const seed = Number(process.env.STORMPROOF_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** For campaigns: so many times the usual number of cases. */
const times = Number(process.env.STORMPROOF_TIMES ?? 1)
const again = `STORMPROOF_SEED=${seed}${times === 1 ? '' : ` STORMPROOF_TIMES=${times}`} npm test -- sim/redis/differential`
vi.setConfig({ testTimeout: 60_000 * times })

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
test('scripts', () => compare(scriptCase, 4_000, play))
test('scripts by their hash', () => compare(scriptCacheCase(sha1), 1_000, play))
test('a full memory', () => compare(fullCase, 1_000, play))
test('a replica, which may not be written to', () => compare(replicaCase, 500, play))

describe.each(Object.values<TrackerVariant>(trackers))('tracker $name', variant => {
  test('operations', () => compare(operations, 300, (steps, by) => playTracker(variant, steps, by, scriptOf)))
})

test('TIME, as seconds and microseconds of the clock', async () => {
  const [real] = await wire.pipeline([['TIME']])
  const [seconds, micros] = real as [string, string]
  const now = Number(seconds) * 1_000 + Number(micros) / 1_000
  const node = new VirtualNode({ address: '', engine: luaEngine(), sha1, now: () => now })
  expect(node.execute(['TIME'])).toEqual(real)
  expect(node.execute(['EVAL', "return redis.call('TIME')", '0'])).toEqual(real)
})

test('time stands still for the keys of a script, and passes after it', async () => {
  const short = "redis.call('PEXPIRE', KEYS[1], 1) for n = 1, 1e6 do end return redis.call('EXISTS', KEYS[1])"
  const calls = [
    ['SET', 'a', 'v'],
    ['EVAL', short, '1', 'a'],
    ['EXISTS', 'a'],
  ]
  const replies = await wire.pipeline([...calls.slice(0, 2), ['DEBUG', 'SLEEP', '0.005'], calls[2]!])
  let now = 1_000
  const node = new VirtualNode({ address: '', engine: luaEngine(), sha1, now: () => now })
  expect(calls.slice(0, 2).map(args => node.execute(args))).toEqual(replies.slice(0, 2))
  now += 5
  expect(node.execute(calls[2]!)).toBe(replies[3])
  expect(replies).toEqual([{ ok: 'OK' }, 1, { ok: 'OK' }, 0])
})

test('while a script runs too long, and after it was killed', async () => {
  const node = new VirtualNode({ address: '', engine: luaEngine(), sha1, now: () => 0 })
  await wire.pipeline([['FLUSHALL'], ['CONFIG', 'SET', 'lua-time-limit', '1']])
  const other = await redis.open()
  try {
    const killed = other.pipeline([['EVAL', 'while true do end', '0']])
    while (text((await wire.pipeline([['PING']]))[0]!) === text({ ok: 'PONG' }));
    node.busy = true
    const asked = fc
      .sample(fc.oneof(anyCommand, anyEval), { seed, numRuns: 300 })
      .filter(([name]) => !/^SCRIPT$/i.test(name!))
    const all = [...asked, ['SCRIPT', 'LOAD', 'return 1'], ['SCRIPT', 'EXISTS', 'f'], ['SCRIPT', 'KILL']]
    const replies = await wire.pipeline(all)
    for (const [n, args] of all.entries())
      expect(text(node.execute(args)), `${JSON.stringify(args)}\nreplay: ${again}`).toBe(text(replies[n]!))
    expect(text((await killed)[0]!)).toContain('Script killed by user with SCRIPT KILL...')
    const after = [['SCRIPT', 'KILL'], ['PING'], ['EVAL', 'return 1', '0']]
    expect(after.map(args => node.execute(args))).toEqual(await wire.pipeline(after))
  } finally {
    other.close()
  }
})

test.each(Object.entries(excluded))('still different: %s', async (_, steps) => {
  expect(await play(steps, players())).toMatchObject({ kind: 'different' })
})
