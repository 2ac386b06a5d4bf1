/** Everything a command needs to play in a world, and its end. */
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import type { Tell } from '../sim/history.ts'
import type { Plan } from '../sim/plan.ts'
import type { World } from '../sim/world.ts'
import { type LiveCluster, launchCluster } from '../sim/worlds/live/cluster/index.ts'
import { openLive } from '../sim/worlds/live/index.ts'
import { findRedisServer, installedRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'
import { openVirtualStage } from './virtual-stage.ts'

export interface Stage {
  world: World['name']
  /** Flavour and version of the store, e.g. `redis 7.0.15`. */
  store: string
  open(plan: Plan, tracker: TrackerVariant, tell: Tell): Promise<World>
}

/** The named world; without a name the live one where a Redis server is installed, else the virtual one, and says so. */
export async function onStage<T>(
  world: World['name'] | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const chosen = world ?? ((await installedRedisServer(thisMachine(log))) ? 'live' : 'virtual')
  if (chosen === 'live') return onLiveStage(log, signal, work)
  if (!world) log('no Redis server is installed: playing in the virtual world (`--world live` installs one)')
  return work(await openVirtualStage(signal))
}

/**
 * Starts a cluster, gives the stage to `work`, and clears it away whatever happened. Rejects with the signal's reason once it
 * fired, and with `EnvironmentNotReady` where no Redis is to be had.
 */
export async function onLiveStage<T>(
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  let started: LiveCluster | undefined
  try {
    const server = await findRedisServer(thisMachine(log))
    signal.throwIfAborted()
    const cluster = await launchCluster({ server })
    started = cluster
    signal.throwIfAborted()
    return await work({
      world: 'live',
      store: `${server.flavour} ${server.version}`,
      open: (plan, tracker, tell) => openLive({ cluster, plan, tracker, signal, tell }),
    })
  } catch (error) {
    // Whatever broke first when everything was stopped: this is why.
    signal.throwIfAborted()
    throw error
  } finally {
    await started?.stop()
  }
}
