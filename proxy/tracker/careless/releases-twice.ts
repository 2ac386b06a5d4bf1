import { counter } from '../counter.ts'
import { careless } from './careless.ts'

/** Once where the answer ends, and once more where the connection is closed. Tokens forgive that, so it is a counter that shows it. */
export const releasesTwice = careless({
  name: 'releases-twice',
  claim: 'a counter whose releases are sent twice',
  breaks: ['every-slot-returned', 'tracks-truth', 'recovers-within'],
  around: counter,
  handle: tracker => ({
    ...tracker,
    async release(hold, ending) {
      await tracker.release(hold, ending)
      await tracker.release(hold, ending)
    },
  }),
})
