/** `stormproof proxy`: one instance of the reference proxy, until a signal. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { addressOf, proxyConfigOf } from '../proxy/node/config/effective.ts'
import { printConfig } from '../proxy/node/config/print.ts'
import { readConfig } from '../proxy/node/config/read.ts'
import type { RedisFile } from '../proxy/node/config/schema.ts'
import { readSecrets } from '../proxy/node/config/secrets.ts'
import type { RunningProxy } from '../proxy/node/instance.ts'
import { NotReady } from '../proxy/node/not-ready.ts'
import type { RedisAddress } from '../proxy/node/redis.ts'
import { runProxy } from '../proxy/node/run.ts'
import { createLog } from '../proxy/node/telemetry/log.ts'
import { lease } from '../proxy/tracker/index.ts'
import { clusterStatus } from '../sim/worlds/live/cluster/standing.ts'
import { EnvironmentNotReady } from '../sim/worlds/live/environment.ts'
import { BadArgument, exitCodes } from './errors.ts'

export interface ProxyOptions {
  config: string
  /** Undefined: as the file says. */
  port: number | undefined
  adminPort: number | undefined
  printConfig: boolean
}

/** Exit code 0 when all that ran has ended and every slot went back, 1 when something had to be left. */
export async function proxy(options: ProxyOptions, signal: AbortSignal): Promise<number> {
  const text = await readFile(options.config, 'utf8').catch(error => {
    throw new BadArgument(`--config ${options.config}: cannot be read (${error.code}); proxy/proxy.example.yaml is one`)
  })
  const read = readConfig(text, options.config)
  const { config } = read
  config.listen.port = options.port ?? config.listen.port
  config.admin.port = options.adminPort ?? config.admin.port
  if (options.printConfig) {
    process.stdout.write(printConfig(config, process.env))
    return exitCodes.passed
  }
  const secrets = readSecrets(config, process.env, read)
  const instance = config.instance ?? nameOfThisProcess()
  const log = createLog({ level: config.log.level, instance, now: () => performance.now() })
  try {
    const running = await start({
      config: proxyConfigOf(config, instance),
      tracker: lease,
      windowMs: 0,
      redis: await nodesOf(config.redis),
      redisLogin: { ...secrets.redis, tls: config.redis !== 'standing' && config.redis.tls },
      keys: secrets.callers,
      ...config.listen,
      limits: config.limits,
      providerKeys: secrets.providers,
      admin: { ...config.admin, key: secrets.admin },
      log,
    })
    console.log(`proxy ${running.url}\nadmin ${running.adminUrl}`)
    log.info(
      { proxy: running.url, admin: running.adminUrl, providers: config.providers.map(({ id }) => id) },
      'started',
    )
    await fired(signal)
    log.info({ drainMs: config.drainMs }, 'draining: the same signal again ends at once')
    endAtOnceWhenAskedAgain()
    const { cut, unacknowledged } = await running.close(config.drainMs)
    log.info({ cut, unacknowledged }, 'closed')
    return cut + unacknowledged === 0 ? exitCodes.passed : exitCodes.failed
  } finally {
    log.flush()
  }
}

const start = (options: Parameters<typeof runProxy>[0]): Promise<RunningProxy> =>
  runProxy(options).catch(error => {
    throw error instanceof NotReady ? new EnvironmentNotReady(error.message) : error
  })

async function nodesOf(redis: RedisFile): Promise<readonly RedisAddress[]> {
  if (redis !== 'standing') return redis.nodes.map(addressOf)
  const up = await clusterStatus()
  if (!up)
    throw new EnvironmentNotReady(
      'no standing cluster is up: start one with `stormproof cluster up`, or name addresses under redis.nodes',
    )
  return up.nodes
}

/** Unique among the instances that share a store, and of use to whoever reads it in a log. */
const nameOfThisProcess = () =>
  `${hostname()
    .replaceAll(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 40)}-${process.pid}`

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Ctrl-C in a terminal reaches this process twice where another Node has started it. */
const onePressMs = 300

function endAtOnceWhenAskedAgain() {
  const since = performance.now()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (performance.now() - since > onePressMs) process.exit(exitCodes.interrupted)
    })
}
