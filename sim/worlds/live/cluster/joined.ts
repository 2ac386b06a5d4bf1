/** A cluster that was there before: its processes are somebody else's, and so are all keys but the run's own. */
import { EnvironmentNotReady } from '../environment.ts'
import { type Address, atNode, nameOf } from './at-node.ts'
import { allNodesOf, primariesOf } from './serving.ts'

export interface JoinOptions {
  /** Any of its nodes, which name the others. */
  at: readonly Address[]
  /** Whether its nodes may be filled, failed over and cut off from their clients, and its slots be moved. */
  allowDestructive: boolean
  /** Stands before the provider's id in every key of the run: no other key is written or removed. */
  keyPrefix: string
}

export interface JoinedCluster extends Omit<JoinOptions, 'at'> {
  ours: false
  nodes: readonly Address[]
  /** Removes the run's keys. */
  flush(): Promise<void>
}

/** Rejects with `EnvironmentNotReady` when no node of a cluster answers there. */
export async function joinCluster({ at, ...options }: JoinOptions): Promise<JoinedCluster> {
  const nodes = await allNodesOf(at).catch(async () => {
    throw new EnvironmentNotReady(await reproach(at))
  })
  return {
    ...options,
    ours: false,
    nodes,
    async flush() {
      await Promise.all((await primariesOf(nodes)).map(node => removeKeys(node, options.keyPrefix)))
    },
  }
}

/** Why nobody could be asked for the other nodes, and what to do. */
async function reproach(at: readonly Address[]): Promise<string> {
  const words = await Promise.all(at.map(node => atNode(node, redis => redis.call('CLUSTER', 'MYID')).catch(String)))
  const where = at.map(nameOf).join(', ')
  const [known] = reproaches.flatMap(([of, says]) => (words.some(said => of.test(String(said))) ? [says] : []))
  return known
    ? `the Redis Cluster at ${where} ${known}`
    : `no node of a Redis Cluster answers at ${where}: start it, or correct --cluster`
}

const login = 'set STORMPROOF_REDIS_PASSWORD (and STORMPROOF_REDIS_USERNAME)'
const reproaches: readonly [RegExp, string][] = [
  [/NOAUTH/, `asks for a password (NOAUTH): ${login}`],
  [/WRONGPASS/, `does not know this user and password (WRONGPASS): ${login}`],
  [/NOPERM/, `does not let this user look at it (NOPERM): ${login}`],
  [/certificate/, 'has a certificate that is not trusted: let NODE_EXTRA_CA_CERTS name the file of its authority'],
]

/** Key by key, since two may lie in two slots. */
const removeKeys = (node: Address, prefix: string): Promise<void> =>
  atNode(node, async redis => {
    for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 }))
      await Promise.all((keys as string[]).map(key => redis.unlink(key)))
  })

/** Flavour and version of a node, e.g. `redis 7.0.15`. */
export const storeAt = (node: Address): Promise<string> =>
  atNode(node, async redis => {
    const info = String(await redis.info('server'))
    const version = (flavour: string) => new RegExp(`^${flavour}_version:(\\S+)`, 'm').exec(info)?.[1]
    const valkey = version('valkey')
    return valkey ? `valkey ${valkey}` : `redis ${version('redis')}`
  })
