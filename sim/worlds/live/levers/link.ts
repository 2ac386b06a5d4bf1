import slotOf from 'cluster-key-slot'
import type { LinkAim, LinkLever, Pulled } from '../../../levers.ts'
import { pulled, receipt } from '../../pulled.ts'
import { nameOf } from '../cluster/at-node.ts'
import { servingSlot } from '../cluster/serving.ts'
import type { LiveLinks } from '../links/index.ts'
import type { Pull } from '../links/main.ts'
import type { Parts } from './index.ts'

export function linkLever(
  { cluster, membersKey }: Pick<Parts, 'cluster' | 'membersKey'>,
  links: LiveLinks,
  { instance, provider }: LinkAim,
): LinkLever {
  async function pull(kind: Pull['kind'], ms: number, what: string): Promise<Pulled> {
    const owner = provider === undefined ? undefined : await servingSlot(slotOf(membersKey(provider)), cluster.nodes)
    const undo = await links.pull({ kind, ms, instance, node: owner && nameOf(owner[0]) })
    let hit = 0
    return pulled(
      async () => {
        hit = await undo()
      },
      () => receipt(hit > 0, `${hit} ${what}`),
    )
  }
  return {
    delay: ms => pull('delay', ms, `messages took ${ms} ms longer`),
    cut: () => pull('cut', 0, 'connections broke or were refused'),
    silence: () => pull('silence', 0, 'messages were held back'),
  }
}
