/** The claims that nearly every storm makes. */
import { everyRequestAnswered } from './every-request-answered.ts'
import { everySlotReturned } from './every-slot-returned.ts'
import { limitsHold } from './limits-hold.ts'
import { noCrossSlot } from './no-cross-slot.ts'
import { noGhostRejections } from './no-ghost-rejections.ts'
import { nothingUncounted } from './nothing-uncounted.ts'
import { recoversWithin } from './recovers-within.ts'
import { residencyWithin } from './residency-within.ts'
import { tracksTruth } from './tracks-truth.ts'

/** What holds whether anything fails or not. */
export const always = [
  limitsHold,
  noCrossSlot,
  nothingUncounted,
  everySlotReturned,
  tracksTruth,
  noGhostRejections,
  everyRequestAnswered,
  recoversWithin,
]

/** Where attempts fail, their slots come back at once. */
export const afterFailures = [...always, residencyWithin]
