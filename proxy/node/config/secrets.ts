/** Secrets come from the environment alone, by names that stand in the file. */
import { type Document, isMap, isScalar, isSeq } from 'yaml'
import type { ProviderKey } from '../upstream/keys.ts'
import type { Located, Path } from './places.ts'
import { BadConfig } from './problem.ts'
import type { ProxyFile } from './schema.ts'

export interface Secrets {
  callers: readonly string[]
  admin: string | undefined
  /** By provider id. */
  providers: ReadonlyMap<string, ProviderKey>
  redis: { username?: string; password?: string }
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Whether a variable holds something. An empty one counts as absent: an empty key would fit an empty header. */
export const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '') !== ''

/** Throws `BadConfig` with a line for each variable that is missing or cannot stand in a header. */
export function readSecrets(config: ProxyFile, environment: Environment, { problem }: Located): Secrets {
  const problems: string[] = []
  const read = (path: Path, name: string): string => {
    const value = environment[name] ?? ''
    if (value === '') problems.push(problem(path, `names ${name}, which the environment lacks; export it first`))
    else if (!/^[\x21-\x7e]+$/.test(value))
      problems.push(problem(path, `names ${name}, whose value has spaces or characters that no header carries`))
    return value
  }
  const optional = (path: Path, name: string | undefined) => (name === undefined ? undefined : read(path, name))
  const redis = config.redis === 'standing' ? undefined : config.redis
  const username = optional(['redis', 'usernameFrom'], redis?.usernameFrom)
  const password = optional(['redis', 'passwordFrom'], redis?.passwordFrom)
  const secrets: Secrets = {
    callers: config.callers.keysFrom.map((name, n) => read(['callers', 'keysFrom', n], name)),
    admin: optional(['admin', 'keyFrom'], config.admin.keyFrom),
    providers: new Map(
      config.providers.flatMap(({ id, keyFrom, auth }, n): [string, ProviderKey][] =>
        keyFrom === undefined ? [] : [[id, { key: read(['providers', n, 'keyFrom'], keyFrom), auth }]],
      ),
    ),
    redis: { ...(username !== undefined && { username }), ...(password !== undefined && { password }) },
  }
  if (problems.length) throw new BadConfig(problems)
  return secrets
}

/** The prefixes that keys of the usual providers begin with, and what people paste from a header. */
const looksLikeSecret = /^(sk[-_]|xai-|gsk_|AIza|Bearer\s)/

/** Paths of values that are secrets rather than names of them. */
export function literalSecrets(yaml: Document): Path[] {
  const found: Path[] = []
  const look = (node: unknown, path: Path) => {
    if (isMap(node))
      for (const { key, value } of node.items) look(value, [...path, isScalar(key) ? String(key.value) : '?'])
    else if (isSeq(node)) for (const [n, item] of node.items.entries()) look(item, [...path, n])
    else if (isScalar(node) && typeof node.value === 'string' && looksLikeSecret.test(node.value)) found.push(path)
  }
  look(yaml.contents, [])
  return found
}
