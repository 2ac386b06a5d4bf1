/** One Redis process of a local cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { nodeLogin } from '../../../../proxy/node/redis.ts'
import type { RedisServer } from '../redis-server.ts'
import type { LoneNode } from './form.ts'

export interface NodeOptions {
  server: RedisServer
  port: number
  /** A folder of the node's own, made if missing. */
  folder: string
  nodeTimeoutMs: number
  /** Files, PEM. With them it speaks TLS and nothing else; the certificate is its own authority, for the other nodes too. */
  tls?: { certificate: string; key: string }
}

export interface RedisNode extends LoneNode {
  process: ChildProcess
  /** SIGKILL, which also ends a stopped process; resolves when it is gone. */
  kill(): Promise<void>
}

export async function startNode({ server, port, folder, nodeTimeoutMs, tls }: NodeOptions): Promise<RedisNode> {
  await mkdir(folder, { recursive: true })
  // A node loads an old dump despite `--save ""`.
  await rm(join(folder, 'dump.rdb'), { force: true })
  const log = join(folder, 'log')
  const out = openSync(log, 'a')
  const args = [...flagsOf(port, nodeTimeoutMs), ...(tls ? securedBy(tls, port) : []), '--dir', folder]
  const child = spawn(server.path, args, { stdio: ['ignore', out, out] })
  closeSync(out)
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const admin = administer(port, tls !== undefined)
  return {
    host: '127.0.0.1',
    port,
    process: child,
    admin,
    answers: async () => (await admin.info('server')).includes(`process_id:${child.pid}\r`),
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    logTail: async () => (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join(' | '),
    async kill() {
      admin.disconnect()
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** All but the folder. */
export function flagsOf(port: number, nodeTimeoutMs: number): string[] {
  const flags = {
    port,
    bind: '127.0.0.1',
    daemonize: 'no',
    save: '',
    appendonly: 'no',
    'protected-mode': 'no',
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': nodeTimeoutMs,
    'repl-diskless-sync-delay': 0,
    'repl-backlog-size': '64mb',
    'repl-ping-replica-period': 1,
    // A node that lost its replica still serves: the storms take nodes away on purpose.
    'cluster-allow-replica-migration': 'no',
    'enable-debug-command': 'no',
  }
  return argumentsOf(flags)
}

/** After the others, of which it takes one back. */
const securedBy = ({ certificate, key }: NonNullable<NodeOptions['tls']>, port: number): string[] =>
  argumentsOf({
    port: 0,
    'tls-port': port,
    'tls-cert-file': certificate,
    'tls-key-file': key,
    'tls-ca-cert-file': certificate,
    'tls-auth-clients': 'no',
    'tls-cluster': 'yes',
    'tls-replication': 'yes',
  })

const argumentsOf = (flags: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])

/** Tries again for ever: nodes come and go. */
export function administer(port: number, tls = false): Redis {
  const admin = new Redis({
    port,
    host: '127.0.0.1',
    ...nodeLogin({ tls }),
    lazyConnect: true,
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  })
  admin.on('error', () => {})
  admin.connect().catch(() => {})
  return admin
}
