/** The same seed must give the same history, to the byte, whoever plays it. Otherwise nothing that a search says can be believed. */
import { createHash } from 'node:crypto'

/** Plays a seed and answers its history.ndjson. */
export type Player = (seed: number) => Promise<string>

export interface Difference {
  seed: number
  hashes: readonly [string, string]
  /** From 1. */
  line: number
  /** The first lines that differ; undefined where that history has ended. */
  lines: readonly [string | undefined, string | undefined]
}

export async function playedTwice(seed: number, first: Player, second: Player): Promise<Difference | undefined> {
  const [one, two] = await Promise.all([first(seed), second(seed)])
  if (one === two) return undefined
  const [lines, others] = [linesOf(one), linesOf(two)]
  const differs = lines.findIndex((line, n) => line !== others[n])
  const at = differs === -1 ? lines.length : differs
  return { seed, hashes: [sha256(one), sha256(two)], line: at + 1, lines: [lines[at], others[at]] }
}

/** Every fiftieth of the searched seeds, and the last: at least two wherever there are two. */
export const isPlayedTwice = (seed: number, { from, count }: { from: number; count: number }): boolean =>
  (seed - from) % 50 === 0 || seed === from + count - 1

export const alarm = (what: string, { seed, hashes, line, lines }: Difference): string =>
  [
    `NOT DETERMINISTIC: ${what}, seed ${seed}, left two different histories in two processes.`,
    `  one    sha256 ${hashes[0]}`,
    `  other  sha256 ${hashes[1]}`,
    `  the first event that differs is line ${line} of history.ndjson:`,
    ...lines.map(text => `    ${text ?? '(this history has ended)'}`),
    'This is a failure of Stormproof: no verdict of this search can be believed. Please report it.',
  ].join('\n')

const linesOf = (text: string) => text.split('\n').filter(line => line !== '')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
