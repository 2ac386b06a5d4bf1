import { careless } from './careless.ts'

/** The race was decided while the store was asked: the slot that comes then is dropped, and not given back. */
export const lateAdmission = careless({
  name: 'late-admission',
  claim: 'no release of a slot that came too late to be used',
  breaks: ['tracks-truth', 'recovers-within'],
  handle: tracker => ({
    ...tracker,
    release: (hold, ending) => (ending === 'unused' ? Promise.resolve() : tracker.release(hold, ending)),
  }),
})
