/** The text of a script: its files, joined in order. */
import { readFileSync } from 'node:fs'
import type { Script } from '../tracker/tracker.ts'

export const sourceOf = (script: Script): string =>
  script.files.map(file => readFileSync(new URL(`../tracker/${file}`, import.meta.url), 'utf8')).join('')
