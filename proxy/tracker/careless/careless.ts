/**
 * A proxy that handles its tracker carelessly, as the tracker sees it: a wrapper around one that is right, or around one that
 * shows what the carelessness does where nothing forgives it.
 */
import { lease } from '../lease.ts'
import type { Tracker, TrackerVariant } from '../tracker.ts'

export interface Carelessness {
  name: string
  /** One line: what it does. */
  claim: string
  /** Names of the checks it fails wherever a scenario catches it. */
  breaks: readonly string[]
  around?: TrackerVariant
  /** Called once a proxy instance. */
  handle(tracker: Tracker): Tracker
}

export const careless = ({ name, claim, breaks, around = lease, handle }: Carelessness): TrackerVariant => ({
  ...around,
  name,
  claim,
  careless: true,
  breaks,
  create: (...given) => handle(around.create(...given)),
})
