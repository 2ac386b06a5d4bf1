/** Plays a case on a real server and on a virtual node, and tells the first difference: of a reply, or of what is there at the end. */
import type { Millis } from '../../../proxy/ports.ts'
import type { Keyspace } from '../keyspace.ts'
import type { LuaEngine } from '../lua/engine.ts'
import { VirtualNode } from '../node.ts'
import type { Reply } from '../reply.ts'
import { type Arguments, type Case, type Step, shown } from './case.ts'
import { differenceOfDumps, dump, dumpOf } from './state.ts'
import { text } from './text.ts'

export interface Players {
  /** The real server: all commands at once, all replies in order. */
  pipeline(commands: readonly Arguments[]): Promise<Reply[]>
  engine: LuaEngine
  sha1(text: string): string
}

export type Outcome =
  | { kind: 'same' }
  /** A key ends so near to a step that nobody can say on which side: the rest of the case was not compared. */
  | { kind: 'undecidable' }
  | { kind: 'different'; because: string }

/**
 * Both servers start empty. The virtual clock follows the real one: each step is played at the time that the real server told
 * just before it. The real step happened between that time and the next: the width of this window, a fraction of a
 * millisecond unless the machine is busy, is all that instants and times to live may differ by.
 */
export async function play(steps: Case, { pipeline, engine, sha1 }: Players): Promise<Outcome> {
  const asked = steps.flatMap(step => [['TIME'], onReal(step)])
  const head = [['FLUSHALL'], knowsScripts(steps) ? ['SCRIPT', 'FLUSH'] : ['PING']]
  const replies = await pipeline([...head, ...asked, ['TIME'], dump, notFull, primary])
  const times = [...steps, undefined].map((_, n) => instantOf(replies[2 + 2 * n]!))
  const windowMs = Math.max(...steps.map((step, n) => ('sleepMs' in step ? 0 : times[n + 1]! - times[n]!)))
  const slackMs = Math.ceil(windowMs)

  let now = 0
  const node = new VirtualNode({ address: '', engine, sha1, now: () => now })
  let empty = () => {}
  for (const [n, step] of steps.entries()) {
    now = times[n]!
    if ('full' in step) {
      empty()
      empty = step.full ? node.fill() : () => {}
    }
    if ('replica' in step) node.role = step.replica ? 'replica' : 'primary'
    if (!('call' in step)) continue
    if (endsWithin(node.keyspace, now - slackMs - 1, times[n + 1]! + 1)) return { kind: 'undecidable' }
    const real = replies[3 + 2 * n]!
    const virtual = node.execute(step.call)
    if (!agree(step.call, real, virtual, slackMs))
      return different(steps.slice(0, n + 1), `real     ${text(real)}\nvirtual  ${text(virtual)}`)
  }
  now = times.at(-1)!
  if (endsWithin(node.keyspace, now - slackMs - 1, now + slackMs + 1)) return { kind: 'undecidable' }
  const left = differenceOfDumps(replies.at(-3)!, dumpOf(node.keyspace), slackMs)
  return left ? different(steps, left) : { kind: 'same' }
}

/** Flushing scripts makes Redis a new Lua, which costs as much as a whole case: only where what it knows of scripts matters. */
const knowsScripts = (steps: Case) => steps.some(step => 'call' in step && /^(EVALSHA|SCRIPT)$/i.test(step.call[0]!))

const notFull: Arguments = ['CONFIG', 'SET', 'maxmemory', '0']
const primary: Arguments = ['REPLICAOF', 'NO', 'ONE']
/** Nobody listens there: it stays as it is. */
const replica: Arguments = ['REPLICAOF', '127.0.0.1', '1']

function onReal(step: Step): Arguments {
  if ('call' in step) return step.call
  if ('sleepMs' in step) return ['DEBUG', 'SLEEP', String(step.sleepMs / 1_000)]
  if ('replica' in step) return step.replica ? replica : primary
  return step.full ? ['CONFIG', 'SET', 'maxmemory', '1'] : notFull
}

function instantOf(time: Reply): Millis {
  const [seconds, micros] = time as [string, string]
  return Number(seconds) * 1_000 + Number(micros) / 1_000
}

function endsWithin(keyspace: Keyspace, from: Millis, to: Millis): boolean {
  return keyspace.expiries().some(at => at >= from && at <= to)
}

/** Times to live depend on when exactly they were set, and asked for. */
function agree([name]: Arguments, real: Reply, virtual: Reply, slackMs: Millis): boolean {
  const command = name?.toUpperCase()
  if (typeof real === 'number' && typeof virtual === 'number' && real > 0) {
    if (command === 'PTTL') return Math.abs(real - virtual) <= 2 * slackMs
    if (command === 'TTL') return Math.abs(real - virtual) <= Math.ceil((2 * slackMs) / 1_000)
  }
  return text(real) === text(virtual)
}

function different(steps: Case, what: string): Outcome {
  const lines = steps.map((step, n) => `${n + 1}. ${shown(step)}`)
  return { kind: 'different', because: `${lines.join('\n')}\n${what}` }
}
