/** Lua as Redis runs it: what comes back, what errors say, and that no script leaves anything to the next. */
import { describe, expect, test } from 'vitest'
import { luaEngine, sha1 } from '../../worlds/virtual/resources.ts'
import { VirtualNode } from '../node.ts'

const node = new VirtualNode({ address: 'x', engine: luaEngine(), sha1, now: () => 1_234_567.25 })
const lua = (text: string, keys: string[] = [], args: string[] = []) =>
  node.execute(['EVAL', text, String(keys.length), ...keys, ...args])
const err = (text: string) => ({ err: text })

describe('replies', () => {
  test.each([
    // Numbers lose their fraction, towards zero.
    ['3.99', 3],
    ['-3.99', -3],
    ['true', 1],
    ['false', null],
    ['nil', null],
    // A table ends at its first nil, whatever follows, and its named fields do not count.
    ['{1, 2, nil, 4, x = 5}', [1, 2]],
    ["{'a', {'b', {1}}}", ['a', ['b', [1]]]],
    ["{ok = 'fine'}", { ok: 'fine' }],
    ["{err = 'MINE words'}", err('MINE words')],
    ["redis.error_reply('words')", err('ERR words')],
    ["redis.status_reply('words')", { ok: 'words' }],
    ["redis.call('GET', 'none')", null],
    ["type(redis.call('GET', 'none'))", 'boolean'],
    ["redis.call('PING').ok", 'PONG'],
  ])('%s', (expression, reply) => {
    expect(lua(`return ${expression}`)).toEqual(reply)
  })

  test('bytes pass as they are', () => {
    expect(lua('return {#ARGV[1], ARGV[1]}', [], ['\0\xff\xc3\xa9\r\n'])).toEqual([6, '\0\xff\xc3\xa9\r\n'])
  })

  test('keys and arguments are tables from 1', () => {
    expect(lua('return {#KEYS, KEYS[1], #ARGV, ARGV[1], type(KEYS[2])}', ['k'], ['a b'])).toEqual([
      1,
      'k',
      1,
      'a b',
      'nil',
    ])
  })
})

describe('numbers', () => {
  test.each([
    ['tostring(1/0)', 'inf'],
    ['tostring(17179869184.25)', '17179869184.25'],
    ['tostring(2^53)', '9.007199254741e+15'],
    ["tonumber('  12  ')", 12],
    ["tonumber('0x10')", 16],
    ["type(tonumber('12x'))", 'nil'],
    ["tonumber('9007199254740991') == 2^53 - 1 and 1 or 0", 1],
  ])('%s', (expression, reply) => {
    expect(lua(`return ${expression}`)).toEqual(reply)
  })

  test('scores come back as text that keeps each digit', () => {
    expect(
      lua(
        "redis.call('ZADD', KEYS[1], ARGV[1], 'm') return redis.call('ZSCORE', KEYS[1], 'm')",
        ['z'],
        ['17179869184.25'],
      ),
    ).toBe('17179869184.25')
  })

  test('the time is the node’s, and stands still', () => {
    expect(lua("local a, b = redis.call('TIME'), redis.call('TIME') return {a[1], a[2], b[1], b[2]}")).toEqual([
      '1234',
      '567250',
      '1234',
      '567250',
    ])
  })
})

describe('errors, with the place and the script', () => {
  test.each([
    ['x = 1', 'ERR user_script:1: Attempt to modify a readonly table'],
    ['return y', "ERR user_script:1: Script attempted to access nonexistent global variable 'y'"],
    ["return redis.call('NOPE')", 'ERR Unknown Redis command called from script'],
    ["return redis.call('GET')", 'ERR Wrong number of args calling Redis command from script'],
    ["error('boom')", 'ERR user_script:1: boom'],
    ["error({err = 'MINE boom'})", 'MINE boom'],
    ['local t = nil return t.x', "ERR user_script:1: attempt to index local 't' (a nil value)"],
  ])('%s', (text, words) => {
    expect(lua(text)).toEqual(err(`${words} script: ${sha1(text)}, on @user_script:1.`))
  })

  test('the line is that of the script, and what does not compile says so', () => {
    const text = 'local a = 1\nlocal b = 2\nerror("third")'
    expect(lua(text)).toEqual(err(`ERR user_script:3: third script: ${sha1(text)}, on @user_script:3.`))
    expect(lua('this is no lua')).toEqual(
      err("ERR Error compiling script (new function): user_script:1: '=' expected near 'is'"),
    )
  })

  test('redis.pcall gives the error as a table, and the script goes on', () => {
    expect(lua("local t = redis.pcall('SET') return t.err")).toBe(
      'ERR Wrong number of args calling Redis command from script',
    )
    // Lua's own pcall is Redis's, too: what it catches is a text.
    expect(lua("local good, why = pcall(error, {err = 'MINE'}) return {good and 1 or 0, type(why), why}")).toEqual([
      0,
      'string',
      'MINE',
    ])
  })

  test('what was written before an error stays written', () => {
    lua("redis.call('SET', KEYS[1], 'kept') error('late')", ['k'])
    expect(node.execute(['GET', 'k'])).toBe('kept')
  })
})

describe('nothing passes from one script to the next', () => {
  test('neither globals nor arguments', () => {
    lua('return ARGV[3]', ['a', 'b'], ['1', '2', '3'])
    expect(lua('return {#KEYS, #ARGV}')).toEqual([0, 0])
    lua("KEYS.left = 'a' ARGV.left = 'a'")
    expect(lua('return {KEYS.left or 0, ARGV.left or 0}')).toEqual([0, 0])
  })

  test('nor what an error left on the stack: ten thousand of them', () => {
    for (let n = 0; n < 10_000; n++) lua("local deep = {ARGV[1], {KEYS[1]}} error('again')", ['k'], ['a'])
    expect(lua('return ARGV[1]', [], ['still'])).toBe('still')
  })

  test('nor between nodes that share the engine', () => {
    const other = new VirtualNode({ address: 'y', engine: luaEngine(), sha1, now: () => 0 })
    lua("return redis.call('SET', KEYS[1], 'mine')", ['shared'])
    expect(other.execute(['EVAL', "return redis.call('GET', KEYS[1])", '1', 'shared'])).toBeNull()
    expect(other.execute(['EVALSHA', sha1("return redis.call('SET', KEYS[1], 'mine')"), '1', 'shared'])).toMatchObject({
      err: expect.stringMatching(/^NOSCRIPT/),
    })
  })
})
