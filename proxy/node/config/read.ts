/** A configuration file's text as what it says; every error with its line, its key and what to do. */
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Located, locate } from './places.ts'
import { BadConfig } from './problem.ts'
import { sayIssue } from './say.ts'
import { type ProxyFile, proxyFile } from './schema.ts'
import { literalSecrets } from './secrets.ts'

export interface ReadConfig extends Located {
  /** With everything that the file leaves out. */
  config: ProxyFile
}

/** `name` stands in front of each error. Throws `BadConfig`; what stands in the file is never repeated, it may be a secret. */
export function readConfig(text: string, name: string): ReadConfig {
  const lines = new LineCounter()
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = [...yaml.errors, ...yaml.warnings]
  if (broken.length)
    throw new BadConfig(
      broken.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0])
        return `${name}:${line}:${col} is not YAML: ${message.split('\n', 1)[0]}`
      }),
    )
  const located = locate(yaml, lines, name)
  const secrets = literalSecrets(yaml)
  if (secrets.length)
    throw new BadConfig(
      secrets.map(path =>
        located.problem(path, 'holds a secret; put it into an environment variable, and that one’s name under keyFrom'),
      ),
    )
  const parsed = proxyFile.safeParse(plainOf(yaml, name) ?? {}, { reportInput: true })
  if (!parsed.success) throw new BadConfig(parsed.error.issues.flatMap(issue => sayIssue(issue, located)))
  return { config: parsed.data, ...located }
}

/** Aliases are resolved here, and may lead nowhere or multiply without end. */
function plainOf(yaml: Document, name: string): unknown {
  try {
    return yaml.toJS()
  } catch (error) {
    throw new BadConfig([`${name}: ${error instanceof Error ? error.message : error}`])
  }
}
