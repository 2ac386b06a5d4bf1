/** One line a scenario; this list is the registry, in the order in which a storm plays it. */

export { crossSlot } from './cross-slot.ts'
export { providerOutage } from './provider-outage.ts'
export { sameSession } from './same-session.ts'
export { successThenFailure } from './success-then-failure.ts'
