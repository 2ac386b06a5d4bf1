/** A cluster that outlives the command that started it: `stormproof cluster up`, until `down`. */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { RedisServer } from '../redis-server.ts'
import { type Address, atNode } from './at-node.ts'

const standing = z.object({
  keeper: z.int().positive(),
  nodes: z.array(z.object({ host: z.string(), port: z.int(), pid: z.int() })),
})

export type Standing = z.infer<typeof standing>

const base = join(tmpdir(), `stormproof-cluster-${process.getuid?.() ?? 'user'}`)
const stateFile = `${base}.json`
const logFile = `${base}.log`
const patienceMs = 20_000
const quickMs = 500

/** Starts one, or answers the one that is up already. */
export async function clusterUp(server: RedisServer): Promise<Standing> {
  const already = await clusterStatus()
  if (already) return already
  const log = openSync(logFile, 'w')
  const main = fileURLToPath(new URL('./standing-main.ts', import.meta.url))
  const keeper = spawn(process.execPath, [main, JSON.stringify(server), stateFile], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  keeper.unref()
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(50)) {
    const up = await clusterStatus()
    if (up) return up
    if (keeper.exitCode !== null) break
  }
  keeper.kill('SIGTERM')
  throw new Error(`the cluster did not come up: ${(await readFile(logFile, 'utf8')).trim().split('\n').at(-1)}`)
}

/** The cluster that is up; a file that a dead one left is removed. */
export async function clusterStatus(): Promise<Standing | undefined> {
  const text = await readFile(stateFile, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const parsed = standing.safeParse(tryJson(text))
  // Another process may have a dead keeper's pid: it is ours only if a node answers.
  if (parsed.success && isAlive(parsed.data.keeper) && (await anyAnswers(parsed.data.nodes))) return parsed.data
  await rm(stateFile, { force: true })
  return undefined
}

/** Whether there was one to stop. Resolves when all of it has ended. */
export async function clusterDown(): Promise<boolean> {
  const up = await clusterStatus()
  if (!up) return false
  process.kill(up.keeper, 'SIGTERM')
  for (const deadline = performance.now() + patienceMs; isAlive(up.keeper); await sleep(20))
    if (performance.now() > deadline) throw new Error(`the keeper (pid ${up.keeper}) does not end; see ${logFile}`)
  await rm(stateFile, { force: true })
  return true
}

/** Written whole or not at all: a reader never sees half of it. */
export async function writeStanding(file: string, state: Standing): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(state))
  await rename(`${file}.new`, file)
}

const anyAnswers = async (nodes: Standing['nodes']): Promise<boolean> =>
  (await Promise.all(nodes.map(answers))).includes(true)

/** A node that asks for a password since answers too. */
const answers = (node: Address): Promise<boolean> =>
  atNode(node, redis => redis.ping(), quickMs).then(
    () => true,
    error => String(error).includes('NOAUTH'),
  )

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
