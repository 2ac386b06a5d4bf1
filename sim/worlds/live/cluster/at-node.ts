/** Work at one node on a connection of its own, so that nothing waits in one that died with an earlier process. */
import { Redis } from 'ioredis'

export interface Address {
  host: string
  port: number
}

export const nameOf = ({ host, port }: Address): string => `${host}:${port}`

/** Rejects when the node cannot be reached, or does not answer each command in time. */
export async function atNode<T>(
  { host, port }: Address,
  work: (redis: Redis) => Promise<T>,
  patienceMs = 1_000,
): Promise<T> {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    // Redis 7.0 knows no CLIENT SETINFO: each connection would count an error.
    disableClientInfo: true,
    commandTimeout: patienceMs,
    connectTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
