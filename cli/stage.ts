/** Everything a command needs to play in a world, and its end. */
import { randomBytes } from 'node:crypto'
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import type { Tell } from '../sim/history.ts'
import type { DrawnPlan } from '../sim/plan.ts'
import type { World } from '../sim/world.ts'
import { startDockerCluster } from '../sim/worlds/live/cluster/docker.ts'
import { type LiveCluster, launchCluster } from '../sim/worlds/live/cluster/index.ts'
import { joinCluster, storeAt } from '../sim/worlds/live/cluster/joined.ts'
import { openLive } from '../sim/worlds/live/index.ts'
import { findRedisServer, installedRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'
import type { ClusterChoice, StandingCluster } from './cluster-choice.ts'
import { openVirtualStage } from './virtual-stage.ts'

export interface Stage {
  world: World['name']
  /** Flavour and version of the store, e.g. `redis 7.0.15`. */
  store: string
  open(plan: DrawnPlan, tracker: TrackerVariant, tell: Tell): Promise<World>
}

/** The named world; without a name the live one where a Redis server is installed, else the virtual one, and says so. */
export async function onStage<T>(
  world: World['name'] | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
  choice?: ClusterChoice,
): Promise<T> {
  const chosen = (choice && 'live') ?? world ?? ((await installedRedisServer(thisMachine(log))) ? 'live' : 'virtual')
  if (chosen === 'live') return onLiveStage(log, signal, work, choice)
  if (!world) log('no Redis server is installed: playing in the virtual world (`--world live` installs one)')
  return work(await openVirtualStage(signal))
}

/**
 * Starts a cluster, or joins the one that was chosen, gives the stage to `work`, and clears away what it started whatever happened. Rejects with the signal's reason once it
 * fired, and with `EnvironmentNotReady` where no Redis is to be had.
 */
export async function onLiveStage<T>(
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
  choice?: ClusterChoice,
): Promise<T> {
  if (choice === 'docker') return onDockerStage(log, signal, work)
  if (choice) return onJoinedStage(choice, signal, work)
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

async function onDockerStage<T>(
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const docker = await startDockerCluster(await findRedisServer(thisMachine(log)))
  try {
    return await onJoinedStage({ at: docker.nodes, allowDestructive: true }, signal, work)
  } finally {
    await docker.stop()
  }
}

async function onJoinedStage<T>(
  choice: StandingCluster,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const cluster = await joinCluster({ ...choice, keyPrefix: `sp-${randomBytes(4).toString('hex')}-` })
  try {
    return await work({
      world: 'live',
      store: await storeAt(cluster.nodes[0]!),
      open: (plan, tracker, tell) => openLive({ cluster, plan, tracker, signal, tell }),
    })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
