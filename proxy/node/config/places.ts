/** Where in a YAML file something stands. */
import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter } from 'yaml'

export type Path = readonly PropertyKey[]

export interface Located {
  /** One line: file, line and column of the key (or of what should hold it), the key's path, and what is wrong. */
  problem(path: Path, what: string): string
}

export function locate(yaml: Document, lines: LineCounter, name: string): Located {
  return {
    problem(path, what) {
      const { line, col } = lines.linePos(offsetOf(yaml, path))
      const key = pathName(path)
      return `${name}:${line}:${col} ${key && `${key} `}${what}`
    },
  }
}

/** The key's own offset; for a key that is not there, that of the deepest thing on its path that is. */
function offsetOf(yaml: Document, path: Path): number {
  let node: unknown = yaml.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
      if (!pair) break
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    } else break
  }
  return offset
}

/** As one would write it in code: `providers[0].limit`. */
export const pathName = (path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${String(step)}` : String(step)),
    '',
  )
