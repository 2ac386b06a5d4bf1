import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { usualManners } from '../../config.ts'
import { usualProvider } from '../../provider.ts'
import { addressOf, proxyConfigOf } from './effective.ts'
import { printConfig } from './print.ts'
import { BadConfig } from './problem.ts'
import { readConfig } from './read.ts'
import { readSecrets } from './secrets.ts'

const small = `redis: standing
providers:
  - id: alpha
    baseUrl: http://127.0.0.1:4101
    limit: 3
`
const read = (text: string) => readConfig(text, 'p.yaml')
const problemsOf = (work: () => unknown): readonly string[] => {
  try {
    work()
  } catch (error) {
    if (error instanceof BadConfig) return error.problems
    throw error
  }
  return []
}

test('the smallest file has the defaults of the core', () => {
  const config = proxyConfigOf(read(small).config, 'p1')
  const { mostRequests: _, ...manners } = usualManners
  const provider = { ...usualProvider, id: 'alpha', baseUrl: 'http://127.0.0.1:4101', limit: 3 }
  expect(config).toEqual({ ...manners, mostRequests: 2_000, instance: 'p1', instances: 1, providers: [provider] })
})

describe('what is wrong is named, with its line, its key and what to do', () => {
  const under = (line: string) => `${small}    ${line}\n`
  test.each<[string, string, string]>([
    ['not YAML', 'a: [', 'p.yaml:1:5 is not YAML'],
    ['a key twice', `${small}redis: standing\n`, 'p.yaml:6:1 is not YAML: Map keys must be unique'],
    ['an alias of nothing', 'redis: *x', 'p.yaml: Unresolved alias'],
    ['no map', '- a', 'p.yaml:1:1 must be a map of keys'],
    ['nothing', '', 'p.yaml:1:1 providers is missing: it must be a list'],
    ['a misspelt key', under('limti: 4'), 'p.yaml:6:5 providers[0].limti is no key here; did you mean limit?'],
    ['a key of elsewhere', `${small}wibble: 1\n`, 'p.yaml:6:1 wibble is no key here; there are instance, instances,'],
    [
      'a misspelt key inside',
      `${small}backOff: { bseMs: 1 }\n`,
      'p.yaml:6:12 backOff.bseMs is no key here; did you mean baseMs?',
    ],
    [
      'a missing key',
      small.replace(/ +limit.*\n/, ''),
      'p.yaml:3:5 providers[0].limit is missing: it must be a number',
    ],
    ['text for a number', small.replace('3\n', 'many\n'), 'p.yaml:5:5 providers[0].limit must be a number'],
    ['a fraction', small.replace('3\n', '3.5\n'), 'p.yaml:5:5 providers[0].limit must be a whole number'],
    [
      'a choice that is none',
      `${small}whenStoreIsAway: maybe\n`,
      'p.yaml:6:1 whenStoreIsAway must be local or closed or open',
    ],
    ['another redis', small.replace('standing', 'somewhere'), 'p.yaml:1:1 redis must be standing'],
    ['a bad node', small.replace('standing', '{ nodes: [a] }'), 'p.yaml:1:18 redis.nodes[0] must be host:port'],
    [
      'an address that is none',
      small.replace('http:', 'ftp:'),
      'p.yaml:4:5 providers[0].baseUrl must be an http:// or https:// address',
    ],
    ['credentials in it', small.replace('//', '//u:p@'), 'p.yaml:4:5 providers[0].baseUrl must hold no credentials'],
    [
      'an id that no key can hold',
      small.replace('alpha', '"a}b"'),
      'p.yaml:3:5 providers[0].id must be 1 to 64 letters',
    ],
    [
      'an id twice',
      small + small.slice(small.indexOf('  - id')),
      'p.yaml:6:5 providers[1].id is the id of providers[0] too',
    ],
    [
      'everybody without a key',
      `${small}listen: { host: 0.0.0.0 }\n`,
      'p.yaml:6:11 listen.host lets others than this machine call',
    ],
    [
      'an open admin listener',
      `${small}admin: { host: "::" }\n`,
      'p.yaml:6:10 admin.host lets others than this machine connect',
    ],
    ['one port for both', `${small}admin: { port: 8080 }\n`, 'p.yaml:6:10 admin.port is the callers’ port'],
    [
      'a hedge after the end',
      under('hedge: { afterMs: 60000 }'),
      'p.yaml:6:14 providers[0].hedge.afterMs is not before firstByteMs',
    ],
  ])('%s', (_what, text, says) => {
    const problems = problemsOf(() => read(text))
    expect(problems.join('\n')).toContain(says)
    for (const problem of problems) expect(problem).not.toContain('\n')
  })
})

describe('secrets', () => {
  test.each([
    ['a key in place of its name', `    keyFrom: sk-ant-1234567`, 'p.yaml:6:5 providers[0].keyFrom holds a secret'],
    [
      'a key under a name of its own',
      `    apiKey: 1234567`,
      'p.yaml:6:5 providers[0].apiKey is no key here, and secrets come from the environment',
    ],
    [
      'a key among the callers’',
      'callers: { keysFrom: ["12 34567"] }',
      'callers.keysFrom[0] must be the name of an environment variable',
    ],
    [
      'a password',
      'redis: { nodes: ["a:1"], password: 1234567 }',
      'redis.password is no key here, and secrets come from the environment',
    ],
  ])('%s is refused, and not repeated', (_what, line, says) => {
    const text = line.startsWith(' ')
      ? `${small}${line}\n`
      : `${small.replace(/^redis.*\n/, line.startsWith('redis') ? '' : 'redis: standing\n')}${line}\n`
    const problems = problemsOf(() => read(text)).join('\n')
    expect(problems).toContain(says)
    expect(problems).not.toMatch(/34567/)
  })

  const named = `${small.replace('standing', '{ nodes: ["a:1"], passwordFrom: PASSWORD }')}    keyFrom: KEY
callers: { keysFrom: [A, B] }
admin: { keyFrom: ADMIN }
`
  test('are read from the environment', () => {
    const located = read(named)
    const environment = { PASSWORD: 'p', KEY: 'k', A: 'a', B: 'b', ADMIN: 'c' }
    expect(readSecrets(located.config, environment, located)).toEqual({
      callers: ['a', 'b'],
      admin: 'c',
      providers: new Map([['alpha', { key: 'k' }]]),
      redis: { password: 'p' },
    })
  })
  test('that are missing, empty or unfit for a header are named with their place', () => {
    const located = read(named)
    const problems = problemsOf(() =>
      readSecrets(located.config, { PASSWORD: 'p', KEY: 'k\n', A: '', B: 'b' }, located),
    )
    expect(problems).toEqual([
      'p.yaml:7:23 callers.keysFrom[0] names A, which the environment lacks; export it first',
      'p.yaml:8:10 admin.keyFrom names ADMIN, which the environment lacks; export it first',
      'p.yaml:6:5 providers[0].keyFrom names KEY, whose value has spaces or characters that no header carries',
    ])
  })
  test('are shown as set or missing, and no more', () => {
    const printed = printConfig(read(named).config, { KEY: 'the-key', A: 'the-caller' })
    expect(printed).toContain('keyFrom: KEY # set')
    expect(printed).toContain('- A # set')
    expect(printed).toContain('- B # missing')
    expect(printed).toContain('passwordFrom: PASSWORD # missing')
    expect(printed).not.toMatch(/the-/)
  })
})

test('what is printed is the same configuration', () => {
  const { config } = read(small)
  expect(read(printConfig(config, {})).config).toEqual(config)
})

test('whatever a file says, it is read or refused with places', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map(text => small + text),
      ),
      text => {
        for (const problem of problemsOf(() => read(text))) expect(problem).toMatch(/^p\.yaml(:\d+:\d+)?:? ?\S/)
      },
    ),
  )
})

test('the example is a configuration, and every key stands in it', () => {
  const text = readFileSync(new URL('../../proxy.example.yaml', import.meta.url), 'utf8')
  const { config } = read(text)
  expect(config.redis).toBe('standing')
  expect(config.callers.keysFrom).toEqual([])
  const keys = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(keys)
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)])
        : []
  for (const key of keys(config)) expect(text).toMatch(new RegExp(`\\b${key}:`))
})

test('the defaults that the example shows are the defaults', () => {
  const text = readFileSync(new URL('../../proxy.example.yaml', import.meta.url), 'utf8')
  // Uncommented, what is shown as a default changes nothing.
  const shown = text
    .replace(/^# (redis| {2}nodes| {2}usernameFrom| {2}passwordFrom| {2}tls):.*\n/gm, '')
    .replace(
      /^( *)# (( *)(instances|backOff|drainMs|log|limits|unit|weight|attempts|retryBudget|breaker|firstByteMs|idleMs|totalMs|heartbeatMs|tombstoneMs|requests|connections|bodyBytes|bufferedBytes|headerBytes|headersMs|requestMs|keepAliveMs|stalledMs):)/gm,
      '$1$2',
    )
  expect(shown).not.toBe(text)
  expect(read(shown).config).toEqual(read(text).config)
})

test('addresses of every family', () => {
  expect(addressOf('[::1]:7000')).toEqual({ host: '::1', port: 7000 })
  expect(addressOf('redis.example:6379')).toEqual({ host: 'redis.example', port: 6379 })
})
