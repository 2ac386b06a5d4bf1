/** The cluster's keeper: its Redis processes are children of this one, which ends them when its runner is gone. */
import { servePart } from '../part.ts'
import { type ClusterOptions, type LocalCluster, startCluster } from './cluster.ts'

let starting: Promise<LocalCluster> | undefined
const cluster = async () => {
  if (!starting) throw new Error('the cluster is not started')
  return starting
}

servePart(() => ({
  async start(options: ClusterOptions) {
    starting = startCluster(options)
    return (await starting).nodes
  },
  flush: async () => (await cluster()).flush(),
  ownerOf: async (key: string) => (await cluster()).ownerOf(key),
  kill: async (port: number) => (await cluster()).kill(port),
  restart: async (port: number) => (await cluster()).restart(port),
  failover: async (key: string) => (await cluster()).failover(key),
  freeze: async (port: number) => (await cluster()).freeze(port),
  resume: async (port: number) => (await cluster()).resume(port),
  isAlive: async (port: number) => (await cluster()).isAlive(port),
  replace: async (port: number) => (await cluster()).replace(port),
  settle: async (port: number) => (await cluster()).settle(port),
  async stop() {
    await (await starting?.catch(() => undefined))?.stop()
  },
}))
