import type { LinkAim, LinkLever, Pulled } from '../../../levers.ts'
import { toBytes } from '../../../redis/bytes.ts'
import type { Link } from '../../../redis/link.ts'
import { pulled, receipt } from '../../pulled.ts'
import type { Parts } from './index.ts'

export function linkLever(
  { cluster, network, instances, membersKey }: Parts,
  { instance, provider }: LinkAim,
): LinkLever {
  const links = (): Link[] => {
    const from = instance === undefined ? instances : [instances[instance]!]
    const to = provider === undefined ? [...cluster.servers] : [cluster.shardOf(toBytes(membersKey(provider))).primary]
    return from.flatMap(({ name }) => to.map(({ node }) => network.toNode(name, node.address)))
  }
  const pull = (kind: keyof Link['hit'], begin: (link: Link) => () => void, what: string): Pulled => {
    const aimed = links()
    const hit = () => aimed.reduce((sum, link) => sum + link.hit[kind], 0)
    const before = hit()
    const ends = aimed.map(begin)
    let during = 0
    return pulled(
      () => {
        during = hit() - before
        for (const end of ends) end()
      },
      () => receipt(during > 0, `${during} ${what}`),
    )
  }
  return {
    delay: async ms => pull('delayed', link => link.slow(ms), `messages took ${ms} ms longer`),
    cut: async () => pull('cut', link => link.cut(), 'connections broke or were refused'),
    silence: async () => pull('held', link => link.silence(), 'messages were held back'),
  }
}
