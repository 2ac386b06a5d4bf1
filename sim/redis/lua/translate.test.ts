/** Translated scripts against the same scripts in real Lua: what they answer, what they call, and what is there afterwards. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sourceOf } from '../../../proxy/node/script-source.ts'
import { leaseScripts } from '../../../proxy/tracker/lease.ts'
import { luaModule, sha1 } from '../../worlds/virtual/resources.ts'
import { commands } from '../commands.ts'
import { VirtualNode } from '../node.ts'
import { LuaEngine } from './engine.ts'
import { translate } from './translate.ts'

const engines = { translated: new LuaEngine(luaModule()), real: new LuaEngine(luaModule(), { translates: false }) }
const epoch = Date.UTC(2026, 0, 1)
const keys = ['{k}:1', '{k}:2']

/** A node, and the changes that it has told of. */
function nodeOn(engine: LuaEngine) {
  const changes: unknown[] = []
  const at = { now: epoch }
  const node = new VirtualNode({
    address: 'a',
    engine,
    sha1,
    now: () => at.now,
    told: ({ key, member, before, after }) => void changes.push([key, member, before, after]),
  })
  return { node, changes, at }
}

const evaluate = (node: VirtualNode, script: string, args: readonly string[] = []) =>
  node.execute(['EVAL', script, String(keys.length), ...keys, ...args])

function both(script: string, ...args: string[]) {
  const outcomes = Object.values(engines).map(engine => {
    const { node, changes } = nodeOn(engine)
    return { reply: evaluate(node, script, args), changes }
  })
  return { translated: outcomes[0]!, real: outcomes[1]! }
}

describe('random scripts of simple Lua', () => {
  const pick = fc.constantFrom<string[]>
  const values = pick(
    '0',
    '1',
    '2',
    '3.5',
    '10',
    "'a'",
    "'7'",
    "'-3'",
    "'1e3'",
    "'x y'",
    'nil',
    'true',
    'false',
    'a',
    'b',
  )
  const places = pick(
    'ARGV[1]',
    'ARGV[2]',
    'ARGV[3]',
    'ARGV[9]',
    '#ARGV',
    'KEYS[2]',
    'list',
    'list[1]',
    'list[2]',
    '#list',
  )
  const stored = pick(
    "redis.call('ZSCORE', KEYS[1], 'm')",
    "redis.call('ZMSCORE', KEYS[1], 'm', 'n')",
    "redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')",
    "redis.call('ZCARD', KEYS[1])",
    "redis.call('GET', KEYS[1])",
    "redis.call('TYPE', KEYS[1])",
  )
  const { expression, block } = fc.letrec<Record<'expression' | 'statement' | 'block', string>>(tie => {
    const e = tie('expression')
    const made = (make: (...parts: string[]) => string, ...parts: fc.Arbitrary<string>[]) =>
      fc.tuple(...parts).map(given => make(...given))
    const operator = pick('+', '-', '*', '/', '..', '==', '~=', '<', '<=', '>', '>=', 'and', 'or')
    return {
      expression: fc.oneof(
        { maxDepth: 3 },
        values,
        places,
        stored,
        made((a, op, b) => `(${a} ${op} ${b})`, e, operator, e),
        made((op, a) => `(${op} ${a})`, pick('not', '-', '#'), e),
        made((f, a) => `${f}(${a})`, pick('tonumber', 'math.floor', 'f'), e),
        made((f, a, b) => `${f}(${a}, ${b})`, pick('math.max', 'math.min'), e, e),
        made((a, b) => `{${a}, ${b}}`, e, e),
        made((a, n) => `(${a})[${n}]`, e, pick('1', '2', '#list')),
        made((a, pattern) => `string.match(${a}, '${pattern}')`, e, pick('^%S+ (.*)$', '%d+', '^(x)', 'y$', '.')),
        made((a, m) => `redis.call('ZINCRBY', KEYS[1], ${a}, '${m}')`, e, pick('m', 'n')),
      ),
      statement: fc.oneof(
        { maxDepth: 3 },
        made((name, a) => `${name} = ${a}`, pick('a', 'b'), e),
        made((a, b) => `a, b = ${a}, ${b}`, e, e),
        made((n, a) => `list[${n}] = ${a}`, pick('1', '2', '3'), e),
        made((a, m) => `redis.call('ZADD', KEYS[1], ${a}, '${m}')`, e, pick('m', 'n')),
        made(a => `redis.call('ZREM', KEYS[1], unpack(${a}))`, e),
        made((a, then, other) => `if ${a} then ${then} else ${other} end`, e, tie('block'), tie('block')),
        made((a, b) => `if ${a} then return ${b} end`, e, e),
        made(body => `for i = 1, 3 do a = i ${body} end`, tie('block')),
        made((a, body) => `for i, x in ipairs(${a}) do b = x ${body} end`, e, tie('block')),
      ),
      block: fc.array(tie('statement'), { maxLength: 2 }).map(all => all.join(' ')),
    }
  })
  /** A function that called itself would do so for ever. */
  const inCallee = (text: string) => text.replaceAll('f(', 'tonumber(')
  const script = fc
    .tuple(block, expression, fc.array(block, { maxLength: 4 }), expression)
    .map(
      ([inner, value, blocks, last]) =>
        `local a, b, list = ARGV[1], 2, {}\nlocal function f(x) ${inCallee(inner)} return ${inCallee(value)} end\n${blocks.join('\n')}\nreturn ${last}`,
    )
  const args = fc.array(pick('0', '1', '25', '-4', '0.5', '', 'x', 'p q', '1767225600000'), { maxLength: 3 })

  test('do the same in both', () => {
    const told = { cases: 0, translated: 0, errors: 0, nothing: 0 }
    const before = engines.translated.handedOver
    fc.assert(
      fc.property(script, args, (text, given) => {
        if (translate(text)) told.translated++
        const { translated, real } = both(text, ...given)
        told.cases++
        if (typeof real.reply === 'object' && real.reply && 'err' in real.reply) told.errors++
        if (!real.changes.length) told.nothing++
        expect(translated).toEqual(real)
      }),
      { numRuns: 1_500 },
    )
    // Each way was taken often enough to say something.
    const handedOver = engines.translated.handedOver - before
    expect(told.translated).toBeGreaterThan(0.8 * told.cases)
    expect(handedOver).toBeGreaterThan(told.cases / 20)
    expect(told.cases - handedOver).toBeGreaterThan(told.cases / 10)
    expect(told.errors).toBeLessThan(0.9 * told.cases)
    expect(told.nothing).toBeLessThan(0.9 * told.cases)
  })
})

describe('what is beyond translation runs in real Lua', () => {
  test.each([
    'return unpack(ARGV)',
    "return redis.pcall('GET', KEYS[1])",
    'local t = {a = 1} return t.a',
    'return pairs',
    'local f = function() return 1 end return f()',
    'local function f(x) if x then return f(nil) end return 1 end return f(1)',
    'local function f(...) return ... end return f(1)',
    'local function f() if KEYS[1] then return 1 end end return f()',
    'KEYS[1] = 1 return KEYS[1]',
    'local k = KEYS k[1] = 1 return k[1]',
    'local call = redis.call call = tonumber return call(ARGV[1])',
    'return 7 % 4',
    'return 2 ^ 3',
    "return ('x'):rep(3)",
    'repeat local a = 1 until a == 1 return 1',
    "return string.match('ab', '[a-z]')",
    "return string.match('ab', '(a)(b)')",
    'return nothing',
    'return toString(1)',
    'local a, t = 1, {1, 2} a, t[a] = 2, 5 return t',
    "return string.match('x', '(x')",
    "return string.match('xx*', '(x)*')",
    "return string.match('x+*', 'x+*')",
    "return string.match('x', '(x))')",
    "return string.match('x', 'x%')",
    "return string.match('a-b', 'a-b')",
    "return string.match('x', '()x')",
    'return 1e999',
    "return {0, redis.call('SET', KEYS[1], -0), redis.call('GET', KEYS[1])}",
    "return {-1, redis.call('SET', KEYS[1], 0 * -1), redis.call('GET', KEYS[1])}",
    'for i = 1, 3 do i = 3 end return 1',
    'return 1, 2',
  ])('%s', text => {
    expect(translate(text)).toBeUndefined()
    const { translated, real } = both(text, '3')
    expect(translated).toEqual(real)
  })
})

test.each([
  [
    'local list = {} while #list < 5 do list[#list + 1] = #list if #list == 3 then break end end return list',
    [0, 1, 2],
  ],
  ['local sum = 0 for i = 10, 1, -3 do sum = sum + i end return sum', 22],
  ['local a = 1 do local a = 2 a = 3 end return a', 1],
  ['local a, b = 1, 2 a, b = b, a return {a, b}', [2, 1]],
  ["local call = redis.call call('ZADD', KEYS[1], 5, 'm') return call('ZSCORE', KEYS[1], 'm') + 1", 6],
  ['local function f(x, y) return y end return {f(1, 2), f(1) == nil}', [2, 1]],
  ['local a = 0 a, a = 1, 2 return a', 1],
  [
    "return {string.match('x  y', 'x%s*y'), string.match('a\\nb', 'a.b'), string.match('12x', '%D'), string.match('$5', '%d+$')}",
    ['x  y', 'a\nb', 'x', '5'],
  ],
  ["return string.match('token s:session one', '^%S+ (.*)$')", 's:session one'],
])('%s', (text, expected) => {
  expect(translate(text)).toBeDefined()
  const before = engines.translated.handedOver
  const { translated, real } = both(text)
  expect(translated.reply).toEqual(expected)
  expect(translated).toEqual(real)
  expect(engines.translated.handedOver).toBe(before)
})

describe('handing over in the middle', () => {
  const write = "redis.call('ZADD', KEYS[1], 1, 'm')"

  test.each([
    ['an error', `${write} return 1 + nil`],
    ['an error reply', `${write} return redis.call('GET', KEYS[1])`],
    ['a status', `${write} return redis.call('TYPE', KEYS[1])`],
    ['a number in words', `${write} return tonumber('0x10')`],
    ['a table that is no list', `local t = {} ${write} t['x'] = 1 return t['x']`],
    ['a list with a hole', `${write} return {1, nil, 3}`],
    ['a number that is put to a text', `${write} return 'a' .. 1.5`],
  ])('%s: what was written is not written again', (_, text) => {
    expect(translate(text)).toBeDefined()
    const before = engines.translated.handedOver
    const { translated, real } = both(text)
    expect(engines.translated.handedOver).toBe(before + 1)
    expect(translated).toEqual(real)
    expect(translated.changes).toEqual([[keys[0], 'm', null, 1]])
  })

  test('a list that holds itself', () => {
    const { node } = nodeOn(engines.translated)
    const before = engines.translated.handedOver
    let reply = evaluate(node, 'local t = {1} t[1] = t return t')
    while (Array.isArray(reply)) reply = reply[0]!
    expect(reply).toEqual({ err: 'ERR reached lua stack limit' })
    expect(engines.translated.handedOver).toBe(before + 1)
  })

  test('a translation that says something else than Lua is found out', () => {
    const engine = new LuaEngine(luaModule())
    const script = engine.compile("redis.call('GET', 'a') return 1 + nil", 'a'.repeat(40))
    const wrong = { ...script, translated: translate("redis.call('GET', 'b') return 1 + nil") }
    const run = () => engine.run(wrong, [], [], () => 'x')
    expect(run).toThrow('a translated script has called ["GET","b"], and calls ["GET","a"] in Lua')
  })
})

test('the scripts of every request are translated, and do not hand over', () => {
  const { node, at } = nodeOn(engines.translated)
  const before = engines.translated.handedOver
  const run = (name: keyof typeof leaseScripts, ...args: string[]) => {
    const text = sourceOf(leaseScripts[name])
    expect(translate(text.slice(text.indexOf('\n')))).toBeDefined()
    return evaluate(node, text, args)
  }
  const acquire = (n: number) =>
    run('acquire', '1000', '30000', '60000', 'session', '2', `s:${n}`, `t${n} s:${n}`, `! s:${n}`)
  expect(acquire(1)).toEqual(['ok', 1])
  expect(acquire(2)).toEqual(['ok', 2])
  expect(acquire(3)).toEqual(['full', 2, 30_000])
  expect(acquire(1)).toEqual(['replay', 2])
  expect(run('renew', '1000', '30000', 's:1', 't1', 's:4', 't4')).toEqual([['t4'], []])
  expect(run('release', '1000', '60000', 's:1', 't1 s:1')).toEqual(['released', 1])
  expect(acquire(1)).toEqual(['dead', 2])
  expect(run('terminate', '1000', '5000', 's:5')).toBe(0)
  expect(acquire(5)).toEqual(['terminated', 2])
  for (let n = 0; n < 40; n++) {
    at.now += 1_000
    run('count', '1000')
  }
  expect(run('count', '1000')).toBe(0)
  expect(engines.translated.handedOver).toBe(before)
})

test('every command that a script may call is known to both', () => {
  const { node } = nodeOn(engines.translated)
  const replies = [...commands.keys()].map(name => evaluate(node, `return redis.call('${name}')`))
  const real = nodeOn(engines.real).node
  expect(replies).toEqual([...commands.keys()].map(name => evaluate(real, `return redis.call('${name}')`)))
})
