import type { StoreLever } from '../../../levers.ts'
import { pulled, receipt } from '../../pulled.ts'
import type { Parts } from './index.ts'

export const storeLever = ({ cluster }: Parts): StoreLever => ({
  async freeze() {
    const servers = [...cluster.servers]
    const unanswered = () => servers.reduce((sum, server) => sum + server.unanswered, 0)
    const before = unanswered()
    const thaws = cluster.shards.flatMap(shard => [shard.replica, shard.primary].map(server => shard.freeze(server)))
    let during = 0
    return pulled(
      () => {
        during = unanswered() - before
        for (const thaw of thaws) thaw()
      },
      () => receipt(during > 0, `the store left ${during} commands unanswered`),
    )
  },
})
