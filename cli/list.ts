/** `stormproof list`: everything the registries hold. */
import { BadArgument } from './errors.ts'
import { inventory } from './list/inventory.ts'
import { listAsMarkdown } from './list/markdown.ts'
import { listAsText } from './list/text.ts'

export interface ListOptions {
  json: boolean
  markdown: boolean
}

/** Ends with a line break. */
export function list({ json, markdown }: ListOptions): string {
  if (json && markdown) throw new BadArgument('--json and --markdown exclude each other')
  const all = inventory()
  if (json) return `${JSON.stringify(all, null, 2)}\n`
  return markdown ? listAsMarkdown(all) : `${listAsText(all)}\n`
}
