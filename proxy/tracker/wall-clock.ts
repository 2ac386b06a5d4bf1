/** Wrong on purpose: the reference's scripts under the wall clock of whoever calls. */
import { sessionsKey } from './keys.ts'
import { leasesOf, scriptsUnder } from './lease.ts'
import type { TrackerVariant } from './tracker.ts'

const scripts = scriptsUnder('wall-clock')

/** What fails is the clock alone: a skewed caller ends the leases of others, and a stall ends all of them. */
export const wallClock: TrackerVariant = {
  name: 'wall-clock',
  claim: 'leases that end by the wall clock of whoever calls',
  breaks: ['nothing-uncounted'],
  membership: 'in-flight',
  membersKey: sessionsKey,
  create: (store, _windowMs, wallNow) => leasesOf(store, scripts, () => Math.floor(wallNow())),
}
