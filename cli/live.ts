/** Everything a command needs to play in the live world: a server to run, a cluster of it, and their end. */

import type { LiveCluster } from '../sim/worlds/live/cluster/index.ts'
import { launchCluster } from '../sim/worlds/live/cluster/index.ts'
import { findRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'

export interface Stage {
  cluster: LiveCluster
  /** Flavour and version, e.g. `redis 7.0.15`. */
  redis: string
}

/** Opens the stage, gives it to `work`, and clears it away whatever happened. Rejects with the signal's reason once it fired. */
export async function onStage<T>(
  log: (line: string) => void,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  let cluster: LiveCluster | undefined
  try {
    const server = await findRedisServer(thisMachine(log))
    signal.throwIfAborted()
    cluster = await launchCluster({ server })
    signal.throwIfAborted()
    return await work({ cluster, redis: `${server.flavour} ${server.version}` })
  } catch (error) {
    // Whatever broke first when everything was stopped: this is why.
    signal.throwIfAborted()
    throw error
  } finally {
    await cluster?.stop()
  }
}
