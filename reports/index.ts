/** One line a format; `formats` is the registry of what `--report` names. */
import { console } from './console.ts'
import { json } from './json.ts'

export { json } from './json.ts'
export * as table from './table.ts'
export const formats = { console, json }
