/**
 * Whole operations of the trackers, on a virtual node and on a real server. The node runs the tracker's own scripts on a clock
 * of its own; the real server runs the same scripts with the answers of TIME handed to them, because its clock cannot be set.
 */
import fc from 'fast-check'
import type { Millis } from '../../../proxy/ports.ts'
import { leaseMs, type Provider, usualProvider } from '../../../proxy/provider.ts'
import { attemptsKey, memberOf, refsKey, sessionsKey } from '../../../proxy/tracker/keys.ts'
import type { Ending, Hold, Script, Store, TrackerVariant } from '../../../proxy/tracker/tracker.ts'
import { toBytes } from '../bytes.ts'
import { VirtualNode } from '../node.ts'
import type { Reply } from '../reply.ts'
import type { ScriptText } from '../script.ts'
import type { Arguments } from './case.ts'
import type { Outcome, Players } from './play.ts'
import { differenceOfDumps, dump, dumpOf } from './state.ts'
import { text } from './text.ts'

type Claim = { session: string; token: string; limit: number; unit: 'session' | 'attempt' }

export type Operation =
  | ({ does: 'acquire' } & Claim)
  | ({ does: 'release'; ending: Ending } & Claim)
  | { does: 'renew'; claims: readonly Claim[] }
  | ({ does: 'terminate' } & Claim)
  | { does: 'count' | 'audit' }
  | { does: 'wait'; ms: Millis }
  /** Something else takes a key that the tracker uses. */
  | { does: 'spoil'; call: Arguments }

const claim: fc.Arbitrary<Claim> = fc.record({
  session: fc.constantFrom('a', 'b', 'c', 'd', '#', '', 'x y', 'é', 't1 s:a'),
  token: fc.nat(12).map(n => `p-1-${n}`),
  limit: fc.integer({ min: 0, max: 4 }),
  unit: fc.constantFrom<Claim['unit'][]>('session', 'session', 'attempt'),
})
const keys = [sessionsKey('alpha'), attemptsKey('alpha'), refsKey('alpha')]

/** Waits are whole tenths of a second: see `windowMs`. */
export const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: claim.map(one => ({ does: 'acquire' as const, ...one })) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(claim, fc.constantFrom<Ending[]>('success', 'failure', 'failure', 'abort', 'unused'))
        .map(([one, ending]) => ({ does: 'release' as const, ending, ...one })),
    },
    { weight: 3, arbitrary: fc.array(claim, { maxLength: 4 }).map(claims => ({ does: 'renew' as const, claims })) },
    { weight: 1, arbitrary: claim.map(one => ({ does: 'terminate' as const, ...one })) },
    { weight: 2, arbitrary: fc.constantFrom('count' as const, 'audit' as const).map(does => ({ does })) },
    {
      weight: 4,
      arbitrary: fc
        .constantFrom(0, 100, 400, 500, 900, 1_700, 2_000, 5_000, 31_000, 3_600_000)
        .map(ms => ({ does: 'wait' as const, ms })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(['SET', 'v'], ['DEL'], ['HSET', 'f', '1'], ['ZADD', '5', 'x'], ['PERSIST']),
          fc.constantFrom(...keys),
        )
        .map(([[name, ...rest], key]) => ({ does: 'spoil' as const, call: [name!, key, ...rest] })),
    },
  ),
  { minLength: 1, maxLength: 25, size: 'max' },
)

/** Never a whole tenth: no key ends within 50 ms of a wait's end. */
const windowMs = 4_050

/** Any plausible date. */
const epoch = Date.UTC(2026, 0, 1)

interface Sent {
  real: Arguments
  virtual: Reply
  /** Of the scripts as either side knows them. */
  shas?: readonly [virtual: string, real: string]
}

export async function playTracker(
  variant: TrackerVariant,
  steps: readonly Operation[],
  { pipeline, engine, sha1 }: Players,
  textOf: (script: Script) => ScriptText,
): Promise<Outcome> {
  let now = epoch
  const node = new VirtualNode({ address: '', engine, sha1, now: () => now })
  const sent: Sent[] = []
  const store: Store = {
    async run(script, keys, args) {
      const { text: own, sha } = textOf(script)
      const given = [...keys, ...args.map(String)].map(toBytes)
      const virtual = node.execute(['EVAL', own, String(keys.length), ...given])
      const timeless = own.replaceAll("redis.call('TIME')", '{KEYS[#KEYS - 1], KEYS[#KEYS]}')
      const time = [String(Math.floor(now / 1_000)), String(Math.floor((now % 1_000) * 1_000))]
      const count = String(keys.length + 2)
      const real = ['EVAL', timeless, count, ...given.slice(0, keys.length), ...time, ...given.slice(keys.length)]
      sent.push({ real, virtual, shas: [sha, sha1(timeless)] })
      if (typeof virtual === 'object' && virtual !== null && 'err' in virtual) throw new Error(virtual.err)
      return virtual
    },
  }
  const tracker = variant.create(store, windowMs, () => 0)
  let waits = 0
  for (const step of steps) {
    if (step.does === 'wait') {
      waits++
      now += step.ms
      sent.push({ real: ['EVAL', pass, '0', String(step.ms)], virtual: null })
    } else if (step.does === 'spoil') sent.push({ real: step.call, virtual: node.execute(step.call) })
    // An error is an outcome like any other: it is compared with the reply that caused it.
    else await take(step).catch(() => {})
  }

  const replies = await pipeline([['FLUSHALL'], ['TIME'], ...sent.map(({ real }) => real), ['TIME'], dump])
  const [from, to] = [replies[1], replies.at(-2)].map(reply => instant(reply as [string, string]))
  // Real time passes for the real server too, and each wait rounds to a millisecond.
  const slackMs = Math.ceil(to! - from!) + waits + 1
  if (slackMs > 45) return { kind: 'undecidable' }
  for (const [n, { virtual, shas }] of sent.entries()) {
    const real = text(replies[n + 2]!)
    const said = shas ? real.replaceAll(shas[1], shas[0]) : real
    if (said !== text(virtual)) return different(steps, `script ${n + 1}\nreal     ${said}\nvirtual  ${text(virtual)}`)
  }
  const left = differenceOfDumps(replies.at(-1)!, dumpOf(node.keyspace), slackMs, now - to!)
  return left ? different(steps, left) : { kind: 'same' }

  function take(step: Exclude<Operation, { does: 'wait' | 'spoil' }>): Promise<unknown> {
    if (step.does === 'acquire') return tracker.acquire(holdOf(step))
    if (step.does === 'release') return tracker.release(holdOf(step), step.ending)
    if (step.does !== 'renew') return operate(step)
    return tracker.renew(any, step.claims.map(holdOf))
  }

  async function operate(step: Extract<Operation, { does: 'terminate' | 'count' | 'audit' }>): Promise<unknown> {
    if (step.does === 'terminate') return tracker.operator?.terminate(any, memberOf(step.session), leaseMs(any))
    return tracker.operator?.[step.does](any)
  }
}

/** Lets time pass for the keys of the real server that will end. */
const pass = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('DEL', key)
  elseif left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end`

const instant = ([seconds, micros]: readonly [string, string]): Millis =>
  Number(seconds) * 1_000 + Number(micros) / 1_000

const providerOf = ({ limit, unit }: Pick<Claim, 'limit' | 'unit'>): Provider => ({
  ...usualProvider,
  id: 'alpha',
  baseUrl: '',
  limit,
  unit,
  heartbeatMs: 500,
  tombstoneMs: 3_000,
})

const any = providerOf({ limit: 1, unit: 'session' })

const holdOf = (of: Claim): Hold => ({ provider: providerOf(of), member: memberOf(of.session), token: of.token })

function different(steps: readonly Operation[], what: string): Outcome {
  const lines = steps.map((step, n) => `${n + 1}. ${JSON.stringify(step)}`)
  return { kind: 'different', because: `${lines.join('\n')}\n${what}` }
}
