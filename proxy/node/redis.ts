/** The shared store on a Redis Cluster, by ioredis. */
import { Cluster } from 'ioredis'
import type { Store } from '../tracker/tracker.ts'
import { NotReady } from './not-ready.ts'
import { sourceOf } from './script-source.ts'

export interface RedisAddress {
  host: string
  port: number
}

export interface RedisLogin {
  username?: string
  password?: string
  tls?: boolean
  /** By `host:port` as the nodes know themselves: where they are reached from here. */
  natMap?: Readonly<Record<string, RedisAddress>>
}

export interface RedisStore extends Store {
  /** Resolves when the cluster has been reached once; rejects with `NotReady` and Redis's own words when it cannot be. */
  ready(): Promise<void>
  close(): void
}

/**
 * Each setting was found to matter: no auto-pipelining (it lets raw MOVED and ASK through), masters only, a slot refresh
 * (off by default), and a socket time-out that finds half-open connections, which is safe because scripts are idempotent.
 * No offline queue: while no node is left, commands would wait in it for ever, out of reach of their time-out.
 * Redirections are bounded by that time-out, not by their number: after a cut ioredis asks nodes at random until it knows again who owns the slot.
 */
const options = {
  enableAutoPipelining: false,
  enableOfflineQueue: false,
  scaleReads: 'master' as const,
  maxRedirections: 100,
  slotsRefreshInterval: 2_000,
  slotsRefreshTimeout: 1_000,
  lazyConnect: true,
}

// Redis 7.0 knows no CLIENT SETINFO: each connection would count an error.
const nodeOptions = { disableClientInfo: true, commandTimeout: 1_000, connectTimeout: 1_000, socketTimeout: 500 }

/** How ioredis logs in to one node. */
export const nodeLogin = ({ username, password, tls = false }: RedisLogin = {}) => ({
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
  ...(tls && { tls: {} }),
})

type LookUp = (error: null, address: string) => void

/** How it logs in to all of them. */
export const clusterLogin = <O extends object>(nodeOptions: O, login: RedisLogin = {}) => ({
  redisOptions: { ...nodeOptions, ...nodeLogin(login) },
  ...(login.natMap && { natMap: login.natMap }),
  // By name, or a certificate would be checked against an address.
  ...(login.tls && { dnsLookup: (host: string, callback: LookUp) => callback(null, host) }),
})

export function openRedis(
  nodes: readonly RedisAddress[],
  onError: (message: string) => void,
  login: RedisLogin = {},
): RedisStore {
  const cluster = new Cluster([...nodes], { ...options, ...clusterLogin(nodeOptions, login) })
  // Trouble is reported by the commands that suffer it; without a listener ioredis would print it.
  let lastWords = ''
  cluster.on('error', (error: Error & { lastNodeError?: Error }) => {
    lastWords = (error.lastNodeError ?? error).message
    onError(String(error))
  })
  const defined = new Set<string>()
  type Command = (...args: (string | number)[]) => Promise<unknown>
  const commands = cluster as unknown as Record<string, Command>
  return {
    async ready() {
      try {
        await cluster.connect()
      } catch (error) {
        cluster.disconnect()
        const where = nodes.map(({ host, port }) => `${host}:${port}`).join(', ')
        throw new NotReady(
          `no Redis Cluster answers at ${where} (${lastWords || error}): start it, or correct redis.nodes`,
        )
      }
    },
    run(script, keys, args) {
      const name = `stormproof:${script.name}`
      if (!defined.has(name)) {
        cluster.defineCommand(name, { numberOfKeys: script.keys, lua: sourceOf(script) })
        defined.add(name)
      }
      return commands[name]!(...keys, ...args)
    },
    close: () => cluster.disconnect(),
  }
}
