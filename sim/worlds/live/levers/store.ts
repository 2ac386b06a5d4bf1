import type { StoreLever } from '../../../levers.ts'
import { pulled, receipt } from '../../pulled.ts'
import type { LiveCluster } from '../cluster/index.ts'
import { hostNow } from '../part.ts'
import { probe } from './probe.ts'

export const storeLever = (cluster: LiveCluster): StoreLever => ({
  async freeze() {
    const since = hostNow()
    const frozen = await Promise.all(
      cluster.nodes.map(async node => ((await cluster.freeze(node.port)) ? node : undefined)),
    )
    const nodes = frozen.filter(node => node !== undefined)
    const answers = nodes.map(probe)
    let [lasted, silent] = [0, 0]
    return pulled(
      async () => {
        lasted = hostNow() - since
        silent = answers.filter(answered => !answered()).length
        await Promise.all(nodes.map(({ port }) => cluster.resume(port)))
        await Promise.all(nodes.map(({ port }) => cluster.settle(port)))
      },
      () => receipt(silent > 0, `${silent} of ${nodes.length} nodes did not answer for ${lasted.toFixed(0)} ms`),
    )
  },
})
