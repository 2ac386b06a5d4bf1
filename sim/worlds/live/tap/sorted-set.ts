/** What the commands that write a sorted set do to its members, as Redis replicates them (redis.io/commands, group sorted-set). */
export interface Write {
  member: string
  /** null: no member any more. */
  score: number | null
}

type Command = (args: readonly string[], set: ReadonlyMap<string, number>) => Write[]

export const isSortedSetCommand = (command: string): boolean => commands.has(command)

/** The writes of one command on the set `args[1]`; some may change nothing. */
export const run: Command = (args, set) => commands.get(args[0]!.toUpperCase())!(args, set)

export const scoreOf = (text: string): number =>
  /^\+?inf/i.test(text) ? Number.POSITIVE_INFINITY : /^-inf/i.test(text) ? Number.NEGATIVE_INFINITY : Number(text)

const remove = (members: readonly string[]): Write[] => members.map(member => ({ member, score: null }))

const zadd: Command = (args, set) => {
  let at = 2
  const options = new Set<string>()
  while (/^(NX|XX|GT|LT|CH|INCR)$/i.test(args[at]!)) options.add(args[at++]!.toUpperCase())
  const scores = new Map<string, number>()
  for (; at + 1 < args.length; at += 2) {
    const member = args[at + 1]!
    // One command may name a member twice.
    const before = scores.get(member) ?? set.get(member)
    const score = scoreOf(args[at]!) + (options.has('INCR') ? (before ?? 0) : 0)
    if (options.has('NX') && before !== undefined) continue
    if (options.has('XX') && before === undefined) continue
    if (options.has('GT') && before !== undefined && score <= before) continue
    if (options.has('LT') && before !== undefined && score >= before) continue
    scores.set(member, score)
  }
  return [...scores].map(([member, score]) => ({ member, score }))
}

/** By score, then by the bytes of the member. */
const ranked = (set: ReadonlyMap<string, number>): string[] =>
  [...set].sort(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([member]) => member)

/** Bounds as Redis writes them: `(` excludes. */
function range(from: string, to: string): (score: number) => boolean {
  const open = (bound: string) => bound.startsWith('(')
  const value = (bound: string) => scoreOf(open(bound) ? bound.slice(1) : bound)
  return score =>
    (open(from) ? score > value(from) : score >= value(from)) && (open(to) ? score < value(to) : score <= value(to))
}

const commands = new Map<string, Command>([
  ['ZADD', zadd],
  ['ZINCRBY', (args, set) => [{ member: args[3]!, score: (set.get(args[3]!) ?? 0) + scoreOf(args[2]!) }]],
  ['ZREM', args => remove(args.slice(2))],
  [
    'ZREMRANGEBYSCORE',
    (args, set) => {
      const within = range(args[2]!, args[3]!)
      return remove([...set].filter(([, score]) => within(score)).map(([member]) => member))
    },
  ],
  [
    'ZREMRANGEBYRANK',
    (args, set) => {
      const place = (text: string) => (Number(text) < 0 ? Math.max(0, set.size + Number(text)) : Number(text))
      return remove(Number(args[3]) < -set.size ? [] : ranked(set).slice(place(args[2]!), place(args[3]!) + 1))
    },
  ],
  ['ZPOPMIN', (args, set) => remove(ranked(set).slice(0, Number(args[2] ?? 1)))],
  [
    'ZPOPMAX',
    (args, set) =>
      remove(
        ranked(set)
          .reverse()
          .slice(0, Number(args[2] ?? 1)),
      ),
  ],
  // The key is something else from now on.
  ['SET', (_, set) => remove([...set.keys()])],
])
