/** A local cluster, as the runner sees it: the processes live below a keeper that cleans up after a runner that died. */
import { startPart } from '../part.ts'
import type { ClusterOptions, NodeAddress } from './cluster.ts'

export interface LiveCluster {
  /** Its processes are ours. */
  ours: true
  nodes: readonly NodeAddress[]
  flush(): Promise<void>
  ownerOf(key: string): Promise<number>
  kill(port: number): Promise<void>
  /** Starts a killed node again, empty. */
  restart(port: number): Promise<void>
  /** Hands the key's slot to a replica in good order. */
  failover(key: string): Promise<void>
  /** False: it was dead. Counted, as `LocalCluster` does. */
  freeze(port: number): Promise<boolean>
  resume(port: number): Promise<void>
  isAlive(port: number): Promise<boolean>
  /** Gives a killed node its place back, behind whoever took over from it. */
  replace(port: number): Promise<void>
  /** Resolves when the node is a primary as most see it, or a replica in step. */
  settle(port: number): Promise<void>
  stop(): Promise<void>
}

export async function launchCluster(options: ClusterOptions): Promise<LiveCluster> {
  const keeper = startPart({ name: 'cluster', main: new URL('./main.ts', import.meta.url), patienceMs: 10_000 })
  try {
    const nodes = await keeper.ask<NodeAddress[]>('start', options)
    return {
      ours: true,
      nodes,
      flush: () => keeper.ask('flush'),
      ownerOf: key => keeper.ask('ownerOf', key),
      kill: port => keeper.ask('kill', port),
      restart: port => keeper.ask('restart', port),
      failover: key => keeper.ask('failover', key),
      freeze: port => keeper.ask('freeze', port),
      resume: port => keeper.ask('resume', port),
      isAlive: port => keeper.ask('isAlive', port),
      replace: port => keeper.ask('replace', port),
      settle: port => keeper.ask('settle', port),
      stop: () => keeper.stop(),
    }
  } catch (error) {
    await keeper.stop()
    throw error
  }
}
