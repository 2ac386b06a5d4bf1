/** One line a scenario; this list is the registry. */

export { burstAtLimit } from './burst-at-limit.ts'
export { crossSlot } from './cross-slot.ts'
export { providerOutage } from './provider-outage.ts'
export { sameSession } from './same-session.ts'
export { successThenFailure } from './success-then-failure.ts'
