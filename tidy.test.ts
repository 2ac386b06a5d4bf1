/** Two laws: who may import whom, and where the ambient world may be read. Both guard determinism. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts') && !/(^|\/)(node_modules|runs)\//.test(path) && !path.endsWith('.test.ts'))
  .map(path => ({ path, text: readFileSync(join(import.meta.dirname, path), 'utf8') }))

/** What a file imports: our own files as paths from the top, packages by name. */
const importsOf = (path: string, text: string) =>
  [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]/gm)].map(([, target]) =>
    target!.startsWith('.') ? normalize(join(dirname(path), target!)) : target!,
  )

const isPackage = (target: string) => !target.endsWith('.ts')

/** The first rule whose `of` matches a file is its law. */
const laws: { of: RegExp; may: RegExp; says: string }[] = [
  {
    of: /^proxy\/node\//,
    may: /^(proxy\/|node:|undici$|ioredis$|zod$|yaml$|prom-client$|pino$|fastest-levenshtein$)/,
    says: 'the core, trackers, node:, and packages of the real world',
  },
  { of: /^proxy\/tracker\//, may: /^proxy\/(tracker\/|provider\.ts)/, says: 'its own folder and provider.ts' },
  { of: /^proxy\//, may: /^proxy\/(?!node\/)/, says: 'the core alone' },
  {
    of: /^sim\/worlds\/live\//,
    may: /^(sim\/|proxy\/|node:|autocannon$|ioredis$|undici$|msw$|zod$|hdr-histogram-js$|cluster-key-slot$|testcontainers$)/,
    says: 'sim, proxy and the real world',
  },
  {
    of: /^sim\/worlds\/virtual\/resources\.ts/,
    may: /^(sim\/(?!worlds\/live)|proxy\/(tracker\/|node\/script-source\.ts)|node:(fs|module|path|crypto)$)/,
    says: 'what reads the project’s own scripts and the Lua engine',
  },
  {
    of: /^sim\/redis\/differential\//,
    may: /^(sim\/(?!worlds\/live)|proxy\/(tracker\/|provider\.ts|ports\.ts)|fast-check$)/,
    says: 'sim without the live world, trackers, and fast-check, since only tests use it',
  },
  {
    of: /^sim\//,
    may: /^(sim\/(?!worlds\/live)|proxy\/(?!node\/)|msw$|zod$|hdr-histogram-js$|cluster-key-slot$|luaparse$)/,
    says: 'sim without the live world, the proxy core, pure packages',
  },
  {
    of: /^scenarios\//,
    may: /^(scenarios\/|sim\/(scenario|topology)\.ts|sim\/(load|faults|checks)\/)/,
    says: 'sim/{scenario,topology,load,faults,checks}',
  },
  {
    of: /^reports\//,
    may: /^(reports\/|sim\/(run-record|judge|history)\.ts|sim\/(measure|checks)\/)/,
    says: 'the run record and pure summaries',
  },
  { of: /./, may: /./, says: 'everything' },
]

describe.each(sources)('$path', ({ path, text }) => {
  const law = laws.find(({ of }) => of.test(path))!
  test(`imports only ${law.says}`, () => {
    expect(importsOf(path, text).filter(target => !law.may.test(target))).toEqual([])
  })
})

test('no import cycles', () => {
  const graph = new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(path, text.replaceAll(/^(import|export) type .*$/gm, '')).filter(target => !isPackage(target)),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) return void cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path)) return
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  expect(cycles).toEqual([])
})

const ambient =
  /\b(Date\.now|new Date\(\)|performance\.now|process\.(env|hrtime|argv)|Math\.random|randomUUID|randomBytes|setTimeout|setInterval|setImmediate|fetch)\b\(?/

test.each(
  sources.filter(({ path }) => /^(proxy\/(?!node\/)|sim\/(?!worlds\/live\/)|scenarios\/|reports\/)/.test(path)),
)('$path reads no ambient clock, chance, environment or network', ({ text }) => {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  expect(code.match(ambient)?.[0]).toBeUndefined()
})
