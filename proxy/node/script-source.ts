/** The text of a script: its files, joined in order. */
import { readFileSync } from 'node:fs'
import type { Script } from '../tracker/tracker.ts'

export function sourceOf(script: Script): string {
  const text = script.files.map(file => readFileSync(new URL(`../tracker/${file}`, import.meta.url), 'utf8')).join('')
  return script.whenFull ? text.replace(/^#!lua$/m, '#!lua flags=allow-oom') : text
}
