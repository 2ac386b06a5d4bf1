/** Where a plan is played: it offers time, a door to the proxy, levers for faults to pull, and it keeps the history. */
import type { Millis } from '../proxy/ports.ts'
import type { Event, RunnerEvent } from './history.ts'
import type { Levers } from './levers.ts'
import type { AskStep } from './plan.ts'

export interface World {
  name: 'live' | 'virtual'
  levers: Levers
  /** Starts the plan's time: from here `at` counts. */
  begin(): void
  /** Resolves at this instant of the plan, at once if it has passed. Rejects when the run is interrupted. */
  until(at: Millis): Promise<void>
  now(): Millis
  /** Sends each ask at its time, whatever happens to the others; resolves when the last one has ended. */
  ask(asks: readonly AskStep[]): Promise<void>
  /** Reads every provider's members from the store into the history. */
  census(): Promise<void>
  record(event: RunnerEvent): void
  /** Stops the world's own measuring and answers everything that happened, in order. */
  finish(): Promise<Event[]>
  /** Ends every process and server the world started. Safe at any time, more than once. */
  close(): Promise<void>
}
