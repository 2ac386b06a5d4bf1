/** `--cluster`: where the live world's store is, when it is not one of its own. */
import type { Address } from '../sim/worlds/live/cluster/at-node.ts'
import { BadArgument } from './errors.ts'

/** In containers, or one that is there already. */
export type ClusterChoice = 'docker' | StandingCluster

export interface StandingCluster {
  at: readonly Address[]
  /** Whether its nodes may be filled, failed over and cut off from their clients, and its slots be moved. */
  allowDestructive: boolean
}

/** As on the command line: `redis://host:port,…` or `docker`. */
export interface ClusterOptions {
  cluster?: string | undefined
  allowDestructive?: boolean | undefined
}

const usualPort = 6379

/** Undefined: a cluster of its own. */
export function clusterChosen({ cluster, allowDestructive = false }: ClusterOptions): ClusterChoice | undefined {
  if (cluster === 'docker') return 'docker'
  if (cluster !== undefined) return { at: cluster.split(',').map(addressIn), allowDestructive }
  if (allowDestructive) throw new BadArgument('--allow-destructive is about a --cluster of yours: name it')
  return undefined
}

function addressIn(text: string): Address {
  const url = URL.parse(text.trim())
  if (url?.protocol !== 'redis:' || url.hostname === '' || !['', '/'].includes(url.pathname))
    throw new BadArgument(`--cluster ${text}: must be redis://host:port, several by comma, or docker`)
  if (url.username || url.password)
    throw new BadArgument('--cluster: a cluster with a password cannot be played on yet')
  return { host: url.hostname, port: url.port === '' ? usualPort : Number(url.port) }
}
