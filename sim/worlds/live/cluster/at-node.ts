/** Work at one node on a connection of its own, so that nothing waits in one that died with an earlier process. */
import { Redis } from 'ioredis'
import { nodeLogin, type RedisLogin } from '../../../../proxy/node/redis.ts'

export type Login = Omit<RedisLogin, 'natMap'>

/** Where a node listens, and what it asks of whoever comes. */
export interface Address {
  host: string
  port: number
  login?: Login
}

/** Another node of the same cluster: all ask for the same. */
export const neighbour = ({ login }: Address, host: string, port: number): Address => ({
  host,
  port,
  ...(login && { login }),
})

export const nameOf = ({ host, port }: Address): string => `${host}:${port}`

/** Rejects when the node cannot be reached, or does not answer each command in time. */
export async function atNode<T>(
  { host, port, login }: Address,
  work: (redis: Redis) => Promise<T>,
  patienceMs = 1_000,
): Promise<T> {
  const redis = new Redis({
    host,
    port,
    ...nodeLogin(login),
    lazyConnect: true,
    // Redis 7.0 knows no CLIENT SETINFO: each connection would count an error.
    disableClientInfo: true,
    commandTimeout: patienceMs,
    connectTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // What a node says against whoever comes is told here; the connection then only says that it is closed.
  let said: Error | undefined
  redis.on('error', error => {
    said = error
  })
  try {
    await redis.connect().catch(error => {
      throw said ?? error
    })
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
