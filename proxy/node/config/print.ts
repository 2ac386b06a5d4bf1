/** The effective configuration, as a file that could be read again. Of secrets it says whether they are there. */
import { isScalar, parseDocument, stringify, visit } from 'yaml'
import type { ProxyFile } from './schema.ts'
import { type Environment, isSet } from './secrets.ts'

export function printConfig(config: ProxyFile, environment: Environment): string {
  const yaml = parseDocument(stringify(config))
  const remark = (node: unknown) => {
    if (isScalar(node)) node.comment = isSet(environment, String(node.value)) ? ' set' : ' missing'
  }
  visit(yaml, {
    Pair(_, { key, value }) {
      if (isScalar(key) && /From$/.test(String(key.value))) {
        remark(value)
        visitItems(value, remark)
      }
    },
  })
  return yaml.toString()
}

function visitItems(node: unknown, each: (item: unknown) => void) {
  if (typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items))
    node.items.forEach(each)
}
