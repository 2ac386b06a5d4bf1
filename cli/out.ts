/** Where a run is left: `<out>/<scenario>.<world>.<tracker>.<seed>/`. */
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { json } from '../reports/json.ts'
import type { Event } from '../sim/history.ts'
import type { Storm } from '../sim/run.ts'
import type { RunRecord } from '../sim/run-record.ts'
import { EnvironmentNotReady } from '../sim/worlds/live/environment.ts'
import { BadArgument } from './errors.ts'
import { planLines } from './plan-file.ts'

/** A live run's history and record take a few MB. */
const neededBytes = 8 * 1024 * 1024

/** Makes sure, before a storm starts, that its results can be kept. The folder is created; its parent must exist. */
export async function prepareOut(out: string): Promise<void> {
  const folder = resolve(out)
  const parent = await stat(dirname(folder)).catch(() => undefined)
  if (!parent?.isDirectory()) throw new BadArgument(`--out ${out}: ${dirname(folder)} is not a folder; create it first`)
  try {
    await mkdir(folder).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
    const probe = join(folder, `.probe-${process.pid}`)
    try {
      const file = await open(probe, 'w')
      await file.writeFile(Buffer.alloc(neededBytes)).finally(() => file.close())
    } finally {
      await rm(probe, { force: true })
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new EnvironmentNotReady(`--out ${out}: less than 8 MB are free there; make room or choose another folder`)
    throw new BadArgument(`--out ${out}: cannot write there (${code}); choose another folder`)
  }
}

/** A run's folder while the run is played. */
export interface Leaving {
  folder: string
  /** Written so far. */
  readonly bytes: number
  /** A line of history.ndjson. */
  keep(event: Event): void
  /** Writes run.json, with what the history amounts to. */
  close(record: Omit<RunRecord, 'history'>): RunRecord
  /** For a run that broke off: what was kept stays. */
  abandon(): void
}

/** A history of a million requests does not fit in memory: lines go to disk in pieces of this size. */
const pieceLength = 64 * 1024

/** `<out>/<scenario>.<kind>.<tracker>.<seed>`; the kind is the world for a plain run. */
export const runFolder = (out: string, { scenario, tracker, plan }: Storm, kind: string): string =>
  join(out, `${scenario.name}.${kind}.${tracker.name}.${plan.seed}`)

/** Opens the run's folder and leaves the plan there at once, so that even a broken run can be replayed. */
export function startLeaving(out: string, storm: Storm, kind: string): Leaving {
  const folder = runFolder(out, storm, kind)
  mkdirSync(folder, { recursive: true })
  writePieces(join(folder, 'plan.json'), planLines(storm.plan, storm.tracker.name))
  const file = openSync(join(folder, 'history.ndjson'), 'w')
  const hash = createHash('sha256')
  // Three bytes a character at most; only a line that is longer than a piece does not fit.
  const room = Buffer.allocUnsafe(4 * pieceLength)
  let piece = ''
  let events = 0
  let bytes = 0
  const flush = () => {
    const encoded = 3 * piece.length > room.length ? Buffer.from(piece) : room.subarray(0, room.write(piece))
    hash.update(encoded)
    bytes += writeSync(file, encoded)
    piece = ''
  }
  return {
    folder,
    get bytes() {
      return bytes
    },
    keep(event) {
      events++
      piece += `${JSON.stringify(event)}\n`
      if (piece.length > pieceLength) flush()
    },
    close(record) {
      flush()
      closeSync(file)
      const whole: RunRecord = { ...record, history: { events, sha256: hash.digest('hex') } }
      writeFileSync(join(folder, 'run.json'), json.render(whole, { colour: false }))
      return whole
    },
    abandon() {
      flush()
      closeSync(file)
    },
  }
}

function writePieces(path: string, lines: Iterable<string>) {
  const file = openSync(path, 'w')
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length < pieceLength) continue
    writeSync(file, piece)
    piece = ''
  }
  writeSync(file, piece)
  closeSync(file)
}
