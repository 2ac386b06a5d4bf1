/** One line a scenario; this list is the registry, in the order in which a storm plays it. */
export { providerOutage } from './provider-outage.ts'
export { successThenFailure } from './success-then-failure.ts'
export { sameSession } from './same-session.ts'
export { crossSlot } from './cross-slot.ts'
