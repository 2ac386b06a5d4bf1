/** One Redis process on a socket of its own, with nothing around it: no cluster, no port, nothing on disk. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../redis-server.ts'
import { openWire } from './wire.ts'

export interface LoneServerOptions {
  server: RedisServer
  flags?: Record<string, string>
}

export interface LoneServer {
  /** Of its socket. */
  path: string
  /** SIGKILL, and nothing stays. Safe to call again. */
  stop(): Promise<void>
}

/** Resolves when it answers; rejects with what the server printed when it does not. */
export async function startLoneServer({ server, flags = {} }: LoneServerOptions): Promise<LoneServer> {
  const folder = await mkdtemp(join(tmpdir(), 'stormproof-redis-'))
  const path = join(folder, 'socket')
  const given = { port: '0', unixsocket: path, dir: folder, save: '', appendonly: 'no', daemonize: 'no', ...flags }
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])
  // Redis compares strings in Lua by the locale of its environment.
  const child = spawn(server.path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
  let printed = ''
  child.stdout.on('data', chunk => {
    printed = `${printed}${chunk}`.slice(-2_000)
  })
  child.stderr.resume()
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await gone
    await rm(folder, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries++) {
    try {
      ;(await openWire({ path })).close()
      return { path, stop }
    } catch (error) {
      if (tries < 500 && child.exitCode === null && child.signalCode === null) await sleep(10)
      else {
        await stop()
        throw new Error(`the Redis server at ${path} never answered (${error}): ${printed}`)
      }
    }
  }
}
