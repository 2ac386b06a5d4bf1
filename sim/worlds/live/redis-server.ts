/** Finds a `redis-server` or `valkey-server`, and installs one with the system's package manager where there is none. */
import { execFile } from 'node:child_process'
import { access, constants, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { EnvironmentNotReady } from './environment.ts'

export interface RedisServer {
  path: string
  flavour: 'redis' | 'valkey'
  version: string
}

/** What the search asks of the machine; tests give it another one. */
export interface Machine {
  env: Readonly<Record<string, string | undefined>>
  isRoot: boolean
  isExecutable(path: string): Promise<boolean>
  exists(path: string): Promise<boolean>
  /** Runs a program to its end; rejects when it fails. Answers its stdout. */
  exec(file: string, args: readonly string[], env?: Record<string, string>): Promise<string>
  write(path: string, text: string): Promise<void>
  remove(path: string): Promise<void>
  log(line: string): void
}

/** `#!lua` and the script flags that the trackers rely on came with 7.0. */
const oldestMajor = 7
const names = ['redis-server', 'valkey-server']

/**
 * `STORMPROOF_REDIS_SERVER`, then the PATH, then an installation, which `STORMPROOF_NO_INSTALL=1` refuses.
 * Throws `EnvironmentNotReady` when none of them leads to a version 7 or newer.
 */
export async function findRedisServer(machine: Machine): Promise<RedisServer> {
  const found = await installedRedisServer(machine)
  if (found) return found
  if (machine.env.STORMPROOF_NO_INSTALL === '1')
    throw new EnvironmentNotReady(
      'no redis-server or valkey-server 7 or newer on the PATH, and STORMPROOF_NO_INSTALL=1 forbids installing one: install it, or set STORMPROOF_REDIS_SERVER',
    )
  await install(machine)
  const installed = await onPath(machine)
  if (installed) return installed
  throw new EnvironmentNotReady(
    'the package manager has no redis-server 7 or newer: install redis or valkey 7+ by hand, or set STORMPROOF_REDIS_SERVER',
  )
}

/** The one that is there already; undefined where one would have to be installed. */
export const installedRedisServer = async (machine: Machine): Promise<RedisServer | undefined> =>
  machine.env.STORMPROOF_REDIS_SERVER ? named(machine.env.STORMPROOF_REDIS_SERVER, machine) : onPath(machine)

async function named(path: string, machine: Machine): Promise<RedisServer> {
  if (!(await machine.isExecutable(path)))
    throw new EnvironmentNotReady(
      `STORMPROOF_REDIS_SERVER=${path} is not a program: point it at a redis-server 7 or newer`,
    )
  const server = await identify(path, machine)
  if (server) return server
  throw new EnvironmentNotReady(`STORMPROOF_REDIS_SERVER=${path} is not a redis-server or valkey-server 7 or newer`)
}

async function onPath(machine: Machine): Promise<RedisServer | undefined> {
  // Debian keeps servers in sbin folders for some packages, which a user's PATH may lack.
  const folders = [...(machine.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin'].filter(
    Boolean,
  )
  for (const name of names)
    for (const folder of new Set(folders)) {
      const path = join(folder, name)
      const server = (await machine.isExecutable(path)) ? await identify(path, machine) : undefined
      if (server) return server
    }
}

/** E.g. `Redis server v=7.0.15 sha=…` or `Valkey server v=8.0.1 sha=…`. */
async function identify(path: string, machine: Machine): Promise<RedisServer | undefined> {
  const text = await machine.exec(path, ['--version']).catch(() => '')
  const [, flavour, version] = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/i.exec(text) ?? []
  if (!version || Number.parseInt(version, 10) < oldestMajor) return undefined
  return { path, flavour: flavour!.toLowerCase() as RedisServer['flavour'], version }
}

async function install(machine: Machine): Promise<void> {
  const sudo = machine.isRoot ? [] : ['sudo', '-n']
  const run = (command: readonly string[], env?: Record<string, string>) =>
    machine.exec(command[0]!, command.slice(1), env)
  try {
    if (await hasProgram('apt-get', machine)) {
      if (!machine.isRoot) await run([...sudo, 'true'])
      machine.log(
        'no redis-server 7 or newer here, and the live world needs one: installing Debian’s redis-server (apt-get)',
      )
      await installPackages(machine, ['redis-server'])
    } else if (await hasProgram('brew', machine)) {
      machine.log('no redis-server 7 or newer here, and the live world needs one: installing redis (brew)')
      await run(['brew', 'install', 'redis'])
    } else throw new Error('there is neither apt-get nor brew')
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]
    throw new EnvironmentNotReady(
      `no redis-server 7 or newer, and it could not be installed (${why}): install redis or valkey 7+, or set STORMPROOF_REDIS_SERVER`,
    )
  }
}

/** From Debian, and starts none of their services. */
export async function installPackages(machine: Machine, packages: readonly string[]): Promise<void> {
  const sudo = machine.isRoot ? [] : ['sudo', '-n']
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => {
    const [file, ...rest] = [...sudo, 'apt-get', ...args]
    return machine.exec(file!, rest, quiet)
  }
  await withoutStartingServices(machine, async () => {
    await apt('update', '-q')
    await apt('install', '-q', '-y', '--no-install-recommends', ...packages)
  })
}

const policy = '/usr/sbin/policy-rc.d'

/** Debian starts a service when it installs one; a Redis that nobody asked for must not run on this machine. */
async function withoutStartingServices(machine: Machine, work: () => Promise<void>): Promise<void> {
  const ours = machine.isRoot && !(await machine.exists(policy))
  if (ours) await machine.write(policy, '#!/bin/sh\nexit 101\n')
  try {
    await work()
  } finally {
    if (ours) await machine.remove(policy)
  }
}

async function hasProgram(name: string, { env, isExecutable }: Machine): Promise<boolean> {
  for (const folder of (env.PATH ?? '').split(delimiter)) if (await isExecutable(join(folder, name))) return true
  return false
}

/** The machine this runs on. */
export const thisMachine = (log: (line: string) => void): Machine => ({
  env: process.env,
  isRoot: process.getuid?.() === 0,
  isExecutable: path =>
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    ),
  exists: path =>
    access(path).then(
      () => true,
      () => false,
    ),
  exec: async (file, args, env) => {
    const options = { env: { ...process.env, ...env }, timeout: 240_000, maxBuffer: 64 * 1024 * 1024 }
    return (await promisify(execFile)(file, [...args], options)).stdout
  },
  write: (path, text) => writeFile(path, text, { mode: 0o755 }),
  remove: path => rm(path, { force: true }),
  log,
})
