/** `--cluster`: where the live world's store is, when it is not one of its own. */
import type { Address, Login } from '../sim/worlds/live/cluster/at-node.ts'
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
export function clusterChosen(
  { cluster, allowDestructive = false }: ClusterOptions,
  env: NodeJS.ProcessEnv = process.env,
): ClusterChoice | undefined {
  if (cluster === 'docker') return 'docker'
  if (cluster !== undefined) {
    const login = loginIn(env)
    const at = cluster.split(',').map(text => addressIn(text, login))
    if (new Set(at.map(({ login }) => login?.tls === true)).size > 1)
      throw new BadArgument(`--cluster ${cluster}: all nodes of a cluster speak TLS, or none`)
    return { at, allowDestructive }
  }
  if (allowDestructive) throw new BadArgument('--allow-destructive is about a --cluster of yours: name it')
  return undefined
}

const variables = { username: 'STORMPROOF_REDIS_USERNAME', password: 'STORMPROOF_REDIS_PASSWORD' }

/** Never on the command line: it stands in the list of processes, and in the lines that repeat a run. */
function loginIn(env: NodeJS.ProcessEnv): Login {
  const { [variables.username]: username, [variables.password]: password } = env
  if (!password) {
    if (username) throw new BadArgument(`${variables.username} is set, and ${variables.password} is not: set both`)
    return {}
  }
  return { ...(username && { username }), password }
}

function addressIn(text: string, known: Login): Address {
  // Before anything is said that would repeat it, also of what is no address at all.
  if (text.includes('@'))
    throw new BadArgument(
      `--cluster: no password here, where everybody on the machine can read it: set ${variables.password} (and ${variables.username})`,
    )
  const url = URL.parse(text.trim())
  const tls = url?.protocol === 'rediss:'
  if (!url || (!tls && url.protocol !== 'redis:') || url.hostname === '' || !['', '/'].includes(url.pathname))
    throw new BadArgument(
      `--cluster ${text}: must be redis://host:port (or rediss://, with TLS), several by comma, or docker`,
    )
  const login = { ...known, ...(tls && { tls }) }
  return {
    host: url.hostname,
    port: url.port === '' ? usualPort : Number(url.port),
    ...(Object.keys(login).length > 0 && { login }),
  }
}
