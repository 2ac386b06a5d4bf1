/** One proxy instance with its Redis Cluster. */
import { type ProxyOptions, type RunningProxy, startInstance } from './instance.ts'
import { openRedis, type RedisAddress, type RedisLogin } from './redis.ts'
import { observe } from './telemetry/observe.ts'

/** Rejects with `NotReady` when the store cannot be reached or a port is taken; nothing is left running then. */
export async function runProxy(
  options: ProxyOptions & { redis: readonly RedisAddress[]; redisLogin?: RedisLogin },
): Promise<RunningProxy> {
  const observers = observe(options)
  const { tell } = observers
  const trouble = (because: string) => tell({ kind: 'store-trouble', doing: 'connect', provider: '', because })
  await using cleanUp = new AsyncDisposableStack()
  const redis = openRedis(options.redis, trouble, options.redisLogin)
  cleanUp.defer(() => redis.close())
  await redis.ready()
  const running = await startInstance(redis, options, observers)
  const opened = cleanUp.move()
  return {
    ...running,
    async close(deadlineMs) {
      const closed = await running.close(deadlineMs)
      await opened.disposeAsync()
      return closed
    },
  }
}
