/** Random Lua: what scripts may compute, call, return and get wrong. Addresses, chance and time to live are never asked for. */
import fc from 'fast-check'
import type { Arguments, Case, Step } from './case.ts'
import { anyCommand, anyKey, anyMember, anyScore } from './commands.ts'

const pick = fc.constantFrom<string[]>

/** As a Lua literal, each odd byte by its number. */
const quoted = (bytes: string) =>
  `'${bytes.replaceAll(/[^\x20-\x7e]|['\\]/g, char => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}'`

const number = pick(
  ...[
    '0',
    '1',
    '2',
    '-1',
    '3.7',
    '-3.7',
    '0.1',
    '1e15',
    '123456789012345678',
    '2^53',
    '2^53+1',
    '1e19',
    '-1e19',
    '2^63',
  ],
  ...['-2^63', '1/0', '-1/0', '-0', '0x10', '1e-7', '1e300', '5e-324', '17179869184.25', '.5', '3', '10'],
)
const text = pick(
  ...["''", "'a'", "'x y'", "'12'", "' 7 '", "'0x10'", "'1e3'", "'-0'", "'a\\r\\nb'", "'\\0z'", "'\\195\\169'"],
  ...["'-ERR x'", "'ERR'", "'-A b c'", "'A b'", "'inf'", "'nan'", '[[long\n text]]', "('x'):rep(70)"],
)
const name = pick(
  ...['true', 'false', 'nil', 'KEYS[1]', 'KEYS[2]', 'KEYS[0]', 'ARGV[1]', 'ARGV[2]', 'ARGV[9]', '#KEYS', '#ARGV'],
  ...[
    'KEYS',
    'ARGV',
    'it',
    'it',
    'it',
    'other',
    'nothing',
    'redis.nothing',
    'string.nothing',
    'it.err',
    'it.ok',
    'it[1]',
  ],
  ...['math.huge', 'math.pi', 'redis.LOG_WARNING', '_VERSION', 'redis.call', 'tostring'],
)

/** Commands whose replies do not depend on the time. */
const timeless = anyCommand.filter(([called]) => !/^P?TTL$/i.test(called!))

const { expression, statement, block } = fc.letrec<Record<'expression' | 'call' | 'statement' | 'block', string>>(
  tie => {
    const e = tie('expression')
    const some = fc.array(e, { maxLength: 3 }).map(items => items.join(', '))
    const made = (make: (...parts: string[]) => string, ...parts: fc.Arbitrary<string>[]) =>
      fc.tuple(...parts).map(given => make(...given))
    return {
      expression: fc.oneof(
        { maxDepth: 4 },
        number,
        text,
        name,
        tie('call'),
        tie('call'),
        made((a, op, b) => `real(${a} ${op} ${b})`, e, pick(...'+-*/%^'), e),
        made((a, op, b) => `(${a} ${op} ${b})`, e, pick(...'.. == ~= < <= and or'.split(' ')), e),
        made((op, a) => `(${op} ${a})`, pick('not', '-', '#'), e),
        made((f, a) => `${f}(${a})`, pick('real', 'type', 'string.len', 'unpack', 'ipairs'), e),
        made((f, a) => `real(${f}(${a}))`, pick('tonumber', 'math.floor', 'math.abs', 'math.max'), e),
        made((f, a, b) => `${f}(${a}, ${b})`, pick('string.rep', 'rawequal'), e, pick('1', '2', '10', "'#'")),
        made(
          (f, a) => `string.format(${quoted(f)}, ${a})`,
          pick('%d', '%s', '%5.1f', '%q', '%.14g', '%.17g', '%.0f', '%c', '%i%%'),
          e,
        ),
        made((a, from, to) => `string.sub(${a}, ${from}, ${to})`, e, pick('1', '-2', '0', '2.7'), pick('-1', '3', '1')),
        made(
          (f, a, p) => `string.${f}(${a}, ${p})`,
          pick('find', 'match'),
          e,
          pick("'%d+'", "'^%S+ (.*)$'", "'a'", "'('", "'%'", "'.'"),
        ),
        made(a => `(string.gsub(${a}, '%d', '<%0>'))`, e),
        made(a => `table.concat({${a}}, ',')`, some),
        made(a => `{${a}}`, some),
        made((a, b) => `{${a}, nil, ${b}}`, e, e),
        made((field, a) => `{${field} = ${a}}`, pick('ok', 'err', 'x'), e),
        made((field, a, b) => `{${a}, ${field} = ${b}}`, pick('ok', 'err', 'x'), e, e),
        made((f, a) => `redis.${f}(${a})`, pick('error_reply', 'status_reply'), some),
        made(a => `{pcall(${a})}`, some),
        made((f, a) => `{pcall(${f}, ${a})}`, pick('redis.call', 'error', 'tonumber', 'string.rep', 'nothing'), e),
        made(
          a => `(function(...) return ${a} end)(it, 2)`,
          fc.oneof(e, pick('...', '{...}', "select('#', ...)", 'select(2, ...)', "tonumber('7f', 16)")),
        ),
        made(a => `(function() ${a} end)()`, tie('block')),
      ),
      call: fc.oneof(
        fc.tuple(pick('call', 'pcall'), timeless).map(([how, args]) => `redis.${how}(${args.map(literal).join(', ')})`),
        made((how, a) => `redis.${how}('ZADD', KEYS[1], ${a}, 'm')`, pick('call', 'pcall'), fc.oneof(number, e)),
        made((how, a) => `redis.${how}(${a})`, pick('call', 'pcall'), some),
        fc
          .tuple(pick('call', 'pcall'), anyKey, anyMember, anyScore)
          .map(
            ([how, key, member, score]) =>
              `redis.${how}('ZINCRBY', ${quoted(key)}, ${quoted(score)}, ${quoted(member)})`,
          ),
        made(a => `redis.call('PTTL', ${a}) > 0`, pick('KEYS[1]', "'a'", "'b'")),
      ),
      statement: fc.oneof(
        { maxDepth: 3 },
        made(a => `it = ${a}`, e),
        made(a => `other = ${a}`, e),
        made(a => `local other = ${a}`, e),
        tie('call'),
        made(a => `if ${a} then return ${a} end`, e),
        made((a, b) => `if ${a} then ${b} else it = 'no' end`, e, tie('block')),
        made(a => `for n = 1, 3 do it = ${a} end`, e),
        made(a => `for k, v in pairs({${a}}) do it = v end`, some),
        made(a => `for k, v in ipairs(${a}) do it = v end`, e),
        made(a => `for n = math.max(-3, ${a}), 2 do it = n end`, e),
        made(a => `error(fit(${a}))`, some),
        made(a => `assert(fit(${a}))`, some),
        made(a => `error(fit({err = ${a}}))`, e),
        made(a => `created = ${a}`, e),
        made((a, b) => `it[${a}] = ${b}`, e, e),
        made(a => `return ${a}`, e),
      ),
      block: fc
        .tuple(fc.array(tie('statement'), { maxLength: 3 }), e)
        // A return must be a block's last statement.
        .map(([statements, last]) => [...statements.map(line => `do ${line} end`), `return ${last}`].join('\n')),
    }
  },
)

/** Numbers of commands stand as Lua's numbers now and then. */
const literal = (arg: string, place: number) => (place > 1 && /^-?\d{1,15}(\.\d{1,3})?$/.test(arg) ? arg : quoted(arg))

const head = fc.oneof(
  { weight: 8, arbitrary: pick('') },
  { weight: 4, arbitrary: pick('#!lua\n') },
  {
    weight: 1,
    arbitrary: pick(
      ...['#!lua flags=no-writes\n', '#!lua flags=allow-oom\n', '#!lua flags=allow-oom,no-writes,allow-stale\n'],
      ...['#!lua flags=no-cluster\n', '#!lua flags=allow-cross-slot-keys\n', '#!lua flags=\n', '#!lua flags=oops\n'],
      ...[
        '#!lua flags=no-writes flags=allow-oom\n',
        '#!lua name=x\n',
        '#!js\n',
        '#!\n',
        '#!lua',
        '#! lua\n',
        '#!LUA\n',
      ],
      ...['#!lua  flags=no-writes\n', '#!lua flags=no-writes,\n', ' #!lua\n', '#\n'],
    ),
  },
)
const body = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.array(statement, { maxLength: 4 }), block)
      .map(([lines, end]) => [...lines.map(line => `do ${line} end`), end].join('\n')),
  },
  { weight: 3, arbitrary: expression.map(value => `return ${value}`) },
  {
    weight: 1,
    arbitrary: pick(
      '',
      'return',
      'x',
      'return )',
      'for',
      '-- nothing',
      "return 'unfinished",
      'goto a',
      'return 1 2',
      '\x1bLua',
    ),
  },
)
/** The sign of NaN is the machine's. */
const real = `local function real(x) if x ~= x then return 0 end return x end
`
/** An error that is a table without a text would crash Redis 7.0, and a level beyond 32 bits is no level here. */
const fit = `local function fit(a, b, ...)
  if type(a) == 'table' and type(a.err) ~= 'string' then a = 'unfit' end
  if type(b) == 'table' and type(b.err) ~= 'string' then b = 'unfit' end
  if tonumber(b) and not (math.abs(b) < 9) then b = 1 end
  return a, b, ...
end
`
export const anyScript = fc
  .tuple(head, body)
  .map(
    ([first, rest]) =>
      `${first}${rest.includes('real(') ? real : ''}${rest.includes('fit(') ? fit : ''}local it, other = 7\n${rest}`,
  )

const count = fc.oneof(
  { weight: 12, arbitrary: pick('2', '1') },
  { weight: 1, arbitrary: pick('0', '9', '-1', 'x', '', '1.0') },
)
const given = fc.tuple(anyKey, fc.oneof(anyKey, pick('arg')), fc.oneof(anyScore, pick('arg')))

export const anyEval = fc
  .tuple(anyScript, count, given)
  .map(([script, keys, args]): Arguments => ['EVAL', script, keys, ...args])

/** Runs, after commands that leave something to work on. */
export const scriptCase: fc.Arbitrary<Case> = fc
  .array(fc.oneof(anyCommand, anyEval), { minLength: 0, maxLength: 3 })
  .chain(before => anyEval.map(last => [...before, last].map((args): Step => ({ call: args }))))

/** Scripts that most cases have in common, so that one step meets what another has loaded. */
const few = [
  "return redis.call('INCR', KEYS[1])",
  '#!lua flags=no-writes\nreturn {KEYS[1], #ARGV}',
  '#!lua\nreturn redis.call("SET", KEYS[1], ARGV[1])',
  "return redis.error_reply('MINE oh')",
  'return (',
  '#!js\nreturn 1',
]

/** Scripts by their hash: known, unknown, forgotten. */
export function scriptCacheCase(sha1: (text: string) => string): fc.Arbitrary<Case> {
  const script = fc.constantFrom(...few)
  const sha = fc.oneof(
    { weight: 6, arbitrary: script.map(sha1) },
    { weight: 1, arbitrary: script.map(text => sha1(text).toUpperCase()) },
    { weight: 1, arbitrary: pick('f'.repeat(40), 'f', '', 'f'.repeat(41)) },
  )
  const subcommand = (name: string) => pick(name, name, name.toLowerCase())
  const step = fc.oneof(
    fc
      .tuple(pick('EVALSHA', 'evalsha'), sha, count, given)
      .map(([name, hash, keys, args]) => [name, hash, keys, ...args]),
    fc.tuple(sha, count, given).map(([hash, keys, args]) => ['EVALSHA', hash, keys, ...args]),
    fc.tuple(script, given).map(([text, args]) => ['EVAL', text, '1', ...args]),
    fc.tuple(subcommand('LOAD'), script).map(rest => ['SCRIPT', ...rest]),
    fc
      .tuple(subcommand('EXISTS'), fc.array(sha, { maxLength: 3 }))
      .map(([name, hashes]) => ['SCRIPT', name, ...hashes]),
    fc.array(pick('SYNC', 'ASYNC', 'async', 'NOW'), { maxLength: 2 }).map(how => ['SCRIPT', 'FLUSH', ...how]),
    fc.constantFrom(
      ['EVALSHA', 'f'],
      ['EVAL', 'return 1'],
      ['EVAL'],
      ['SCRIPT'],
      ['SCRIPT', 'LOAD'],
      ['script', 'Load', 'x', 'y'],
    ),
    fc.constantFrom(['SCRIPT', 'KILL'], ['SCRIPT', 'KILL', 'x'], ['SCRIPT', 'NOTHING', 'x'], ['SCRIPT', 'no\r\nthing']),
  )
  return fc.array(step, { minLength: 1, maxLength: 8 }).map(list => list.map((args): Step => ({ call: args })))
}

/** The server has a trouble in the middle of it, and for some not to the end. */
const troubledCase = (trouble: (has: boolean) => Step): fc.Arbitrary<Case> => {
  const anyCall = fc.oneof(anyCommand, anyEval)
  return fc
    .tuple(
      fc.array(anyCall, { maxLength: 3 }),
      fc.array(anyCall, { minLength: 1, maxLength: 5 }),
      fc.array(anyCommand, { maxLength: 1 }),
    )
    .map(([before, during, after]) => [
      ...before.map(call => ({ call })),
      trouble(true),
      ...during.map(call => ({ call })),
      ...after.flatMap(call => [trouble(false), { call }]),
    ])
}

/** Its memory is full. */
export const fullCase = troubledCase(full => ({ full }))

/** It is a replica, which may not be written to. */
export const replicaCase = troubledCase(replica => ({ replica }))
