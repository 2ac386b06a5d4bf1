/** Where a run is left: `<out>/<scenario>.<world>.<tracker>.<seed>/`. */
import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { json } from '../reports/json.ts'
import type { Event } from '../sim/history.ts'
import type { RunRecord } from '../sim/run-record.ts'
import { EnvironmentNotReady } from '../sim/worlds/live/environment.ts'
import { BadArgument } from './errors.ts'

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

/** Writes run.json and history.ndjson; answers the folder. */
export async function leave(out: string, record: RunRecord, history: readonly Event[]): Promise<string> {
  const folder = join(out, `${record.scenario}.${record.world}.${record.tracker}.${record.seed}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'run.json'), json.render(record, { colour: false }))
  await writeFile(join(folder, 'history.ndjson'), history.map(event => `${JSON.stringify(event)}\n`).join(''))
  return folder
}
