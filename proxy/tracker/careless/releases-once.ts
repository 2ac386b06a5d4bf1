import { careless } from './careless.ts'

/** The release is sent, and whatever becomes of it is nobody's business. */
export const releasesOnce = careless({
  name: 'releases-once',
  claim: 'sends a release once, and forgets it',
  breaks: ['every-slot-returned'],
  handle: tracker => ({ ...tracker, release: (hold, ending) => tracker.release(hold, ending).catch(() => {}) }),
})
