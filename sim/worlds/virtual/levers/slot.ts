import type { Millis } from '../../../../proxy/ports.ts'
import type { SlotLever } from '../../../levers.ts'
import { toBytes } from '../../../redis/bytes.ts'
import { keySlot } from '../../../redis/node.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import type { Parts } from './index.ts'

/** How long a migration waits for an end that does not answer, before it asks again. */
const patienceMs = 100

export function slotLever({ clock, cluster, membersKey }: Parts, provider: string): SlotLever {
  const key = toBytes(membersKey(provider))
  const slot = keySlot(key)

  /** Key by key, and the slot last. An end that is gone is waited for: its replica, or itself, will go on. */
  async function move(migration: ReturnType<typeof cluster.startMigration>, pauseMs: Millis) {
    const bothUp = () => cluster.shards.every(({ primary }) => primary.state === 'up')
    for (;;) {
      const [next] = cluster.keysToMigrate(migration)
      if (!bothUp()) await clock.sleep(patienceMs)
      else if (next === undefined) return cluster.endMigration(migration)
      else {
        cluster.migrateKey(migration, next)
        await clock.sleep(pauseMs)
      }
    }
  }

  return {
    async migrate(pauseMs, leadMs = pauseMs) {
      const from = cluster.ownerOf(slot)
      if (from.migrations.some(moving => moving.slot === slot)) return notPulled(`slot ${slot} is on its way already`)
      const here = cluster.shards.findIndex(({ primary }) => primary.node === from)
      const target = cluster.shards[(here + 1) % cluster.shards.length]!
      if (cluster.shards[here]!.primary.state !== 'up' || target.primary.state !== 'up')
        return notPulled(`an end of the migration of slot ${slot} did not answer`)
      const migration = cluster.startMigration(slot, target)
      const moved = clock.sleep(leadMs).then(() => move(migration, pauseMs))
      return pulled(
        () => moved,
        () => {
          const owner = cluster.ownerOf(slot)
          return receipt(owner !== from, `slot ${slot} of ${provider} went from ${from.address} to ${owner.address}`)
        },
      )
    },
  }
}
