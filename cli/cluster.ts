/** `stormproof cluster up|down|status`: a local Redis Cluster to work against. */
import { clusterDown, clusterStatus, clusterUp } from '../sim/worlds/live/cluster/standing.ts'
import { findRedisServer, thisMachine } from '../sim/worlds/live/redis-server.ts'
import { BadArgument, exitCodes } from './errors.ts'

export async function cluster(action: string, log: (line: string) => void): Promise<number> {
  if (action === 'up') {
    const { nodes } = await clusterUp(await findRedisServer(thisMachine(log)))
    console.log(nodes.map(({ host, port }) => `${host}:${port}`).join('\n'))
    return exitCodes.passed
  }
  if (action === 'down') {
    console.error((await clusterDown()) ? 'the cluster is stopped' : 'no cluster was up')
    return exitCodes.passed
  }
  if (action !== 'status') throw new BadArgument(`no action "${action}": there are up, down and status`)
  const standing = await clusterStatus()
  console.log(standing ? standing.nodes.map(({ host, port }) => `${host}:${port}`).join('\n') : 'no cluster is up')
  return standing ? exitCodes.passed : exitCodes.notReady
}
