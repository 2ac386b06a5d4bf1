/** zod's findings in the words of somebody who wants to mend a file. */
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import type { Located, Path } from './places.ts'
import { proxyFile } from './schema.ts'

type Issue = z.core.$ZodIssue

/** One line for each thing that is wrong. */
export function sayIssue(issue: Issue, located: Located, under: Path = []): string[] {
  const path = [...under, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => located.problem([...path, key], unknownKey(key, keysAt(proxyFile, path))))
    case 'invalid_union':
      return sayUnion(issue, located, path)
    case 'invalid_type':
      return [located.problem(path, wrongType(issue))]
    case 'invalid_value':
      return [located.problem(path, `must be ${issue.values.join(' or ')}`)]
    default:
      return [located.problem(path, verb(issue.message))]
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  if (/key|token|secret|password/i.test(key) && !key.endsWith('From'))
    return 'is no key here, and secrets come from the environment: name the variable under keyFrom (passwordFrom)'
  const best = known.length ? closest(key, known) : ''
  if (best && distance(key, best) <= Math.max(2, best.length / 3)) return `is no key here; did you mean ${best}?`
  return `is no key here; there are ${known.join(', ')}`
}

/** Of the alternatives the one that was meant: whose errors lie deepest. */
function sayUnion(issue: Extract<Issue, { code: 'invalid_union' }>, located: Located, path: Path): string[] {
  const meant = issue.errors.find(errors =>
    errors.every(error => error.path.length || error.code === 'unrecognized_keys'),
  )
  if (meant) return meant.flatMap(error => sayIssue(error, located, path))
  return [located.problem(path, 'must be standing (the cluster of `stormproof cluster up`) or {nodes: [host:port, …]}')]
}

const wrongType = ({ expected, input }: Extract<Issue, { code: 'invalid_type' }>): string =>
  `${input === undefined ? 'is missing: it ' : ''}must be ${article(expected)}`

const names: Record<string, string> = {
  object: 'a map of keys',
  array: 'a list',
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
}
const article = (expected: string) => names[expected] ?? expected

/** Our own messages are verbs already; zod's are not. */
const verb = (message: string) => (/^[A-Z]/.test(message) ? `is wrong: ${message}` : message)

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  if (schema instanceof z.ZodObject) {
    const [step, ...rest] = path
    if (step === undefined) return Object.keys(schema.shape)
    const inner: z.core.$ZodType | undefined = schema.shape[String(step)]
    return inner ? keysAt(inner, rest) : []
  }
  if (schema instanceof z.ZodArray) return keysAt(schema.element, path.slice(1))
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(option => keysAt(option, path))
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return keysAt(schema.unwrap(), path)
  return []
}
