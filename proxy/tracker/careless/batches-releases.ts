import type { Hold } from '../tracker.ts'
import { careless } from './careless.ts'

/** It saves round trips: what ended goes with the next beat. Where there is room nobody notices. */
export const batchesReleases = careless({
  name: 'batches-releases',
  claim: 'gives slots back with the next heartbeat, to save round trips',
  breaks: ['capacity-used', 'tracks-truth', 'no-ghost-rejections'],
  handle(tracker) {
    const ended: { hold: Hold; send(): Promise<void> }[] = []
    return {
      ...tracker,
      async release(hold, ending) {
        ended.push({ hold, send: () => tracker.release(hold, ending) })
      },
      async renew(provider, holds) {
        const due = ended.filter(({ hold }) => hold.provider.id === provider.id)
        for (const one of due) ended.splice(ended.indexOf(one), 1)
        await Promise.all(due.map(({ send }) => send()))
        return tracker.renew(provider, holds)
      },
    }
  },
})
