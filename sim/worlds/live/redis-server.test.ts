import { describe, expect, test } from 'vitest'
import { EnvironmentNotReady } from './environment.ts'
import { findRedisServer, type Machine } from './redis-server.ts'

/** A machine whose programs print these versions; `apt` is what an installation brings. */
function machine(
  programs: Record<string, string>,
  more: { env?: Record<string, string>; apt?: string; isRoot?: boolean; policy?: boolean } = {},
) {
  const ran: string[] = []
  const logs: string[] = []
  const written: string[] = []
  const fake: Machine = {
    env: { PATH: '/bin', ...more.env },
    isRoot: more.isRoot ?? true,
    isExecutable: async path => path in programs,
    exists: async () => more.policy ?? false,
    exec: async (file, args) => {
      ran.push([file, ...args].join(' '))
      if (args.includes('install') && more.apt) programs['/usr/bin/redis-server'] = more.apt
      if (file === 'sudo' && !more.env?.SUDO) throw new Error('a password is required')
      return programs[file] ?? ''
    },
    write: async path => void written.push(`+${path}`),
    remove: async path => void written.push(`-${path}`),
    log: line => void logs.push(line),
  }
  return { fake, ran, logs, written }
}
const redis = (version: string) => `Redis server v=${version} sha=00000000:0 malloc=jemalloc bits=64`
const notReady = async (fake: Machine) => {
  const error = await findRedisServer(fake).catch(thrown => thrown)
  expect(error).toBeInstanceOf(EnvironmentNotReady)
  expect(error.message).not.toContain('\n')
  return error.message as string
}

describe('finding a server', () => {
  test('the named one wins over the PATH', async () => {
    const { fake } = machine(
      { '/bin/redis-server': redis('7.0.1'), '/x/valkey': 'Valkey server v=8.1.0 sha=0' },
      { env: { STORMPROOF_REDIS_SERVER: '/x/valkey' } },
    )
    expect(await findRedisServer(fake)).toEqual({ path: '/x/valkey', flavour: 'valkey', version: '8.1.0' })
  })
  test('a named one that is missing or too old is an error, never skipped', async () => {
    const env = { STORMPROOF_REDIS_SERVER: '/x/old' }
    expect(await notReady(machine({ '/bin/redis-server': redis('7.0.1') }, { env }).fake)).toContain(
      '/x/old is not a program',
    )
    expect(await notReady(machine({ '/x/old': redis('6.2.9') }, { env }).fake)).toContain('7 or newer')
  })
  test('an old one on the PATH is passed over', async () => {
    const { fake } = machine({
      '/bin/redis-server': redis('6.2.9'),
      '/bin/valkey-server': 'Valkey server v=7.2.5 sha=0',
    })
    expect(await findRedisServer(fake)).toMatchObject({ flavour: 'valkey' })
  })
})

describe('installing one', () => {
  test('by apt-get as root, saying so, and without starting a service', async () => {
    const { fake, logs, written, ran } = machine({ '/bin/apt-get': '' }, { apt: redis('7.0.15') })
    expect(await findRedisServer(fake)).toMatchObject({ path: '/usr/bin/redis-server', version: '7.0.15' })
    expect(logs).toEqual([expect.stringContaining('installing')])
    expect(ran.slice(0, 2).map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'apt-get update',
      'apt-get install',
    ])
    expect(written).toEqual(['+/usr/sbin/policy-rc.d', '-/usr/sbin/policy-rc.d'])
  })
  test('leaves a policy that is already there alone', async () => {
    const { fake, written } = machine({ '/bin/apt-get': '' }, { apt: redis('7.0.15'), policy: true })
    await findRedisServer(fake)
    expect(written).toEqual([])
  })
  test('is refused by STORMPROOF_NO_INSTALL, and tries nothing', async () => {
    const { fake, ran } = machine({ '/bin/apt-get': '' }, { env: { STORMPROOF_NO_INSTALL: '1' } })
    expect(await notReady(fake)).toContain('STORMPROOF_NO_INSTALL')
    expect(ran).toEqual([])
  })
  test('needs root or passwordless sudo', async () => {
    expect(await notReady(machine({ '/bin/apt-get': '' }, { isRoot: false }).fake)).toContain('a password is required')
  })
  test('that brings nothing new enough is an error', async () => {
    expect(await notReady(machine({ '/bin/apt-get': '' }, { apt: redis('6.0.16') }).fake)).toContain('by hand')
    expect(await notReady(machine({}).fake)).toContain('neither apt-get nor brew')
  })
})
