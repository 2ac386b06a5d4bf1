import { careless } from './careless.ts'

/** Whoever wrote it thought of answers and of errors, and not of clients that leave: their slots go with their leases. */
export const forgetsAbort = careless({
  name: 'forgets-abort',
  claim: 'no release when the client has left',
  breaks: ['residency-within', 'every-slot-returned', 'tracks-truth'],
  handle: tracker => ({
    ...tracker,
    release: (hold, ending) => (ending === 'abort' ? Promise.resolve() : tracker.release(hold, ending)),
  }),
})
