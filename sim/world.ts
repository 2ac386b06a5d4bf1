/** Where a plan is played: it offers time, a door to the proxy, levers for faults to pull, and it tells what happened. */
import type { Millis } from '../proxy/ports.ts'
import type { RunnerEvent } from './history.ts'
import type { WorldLevers } from './levers.ts'
import type { AskStep } from './plan.ts'

/** A world is opened with a listener, which is told every event once and in order of time: at once, or at `finish`. */
export interface World {
  name: 'live' | 'virtual'
  levers: WorldLevers
  /** Starts the plan's time: from here `at` counts. */
  begin(): void
  /** Lets time pass until `work` is done, and answers what it does. Rejects when nothing can happen any more and it is not. */
  drive<T>(work: Promise<T>): Promise<T>
  /** Resolves at this instant of the plan, at once if it has passed. Rejects when the run is interrupted. */
  until(at: Millis): Promise<void>
  now(): Millis
  /** Sends each ask at its time, whatever happens to the others; resolves when the last one has ended. */
  ask(asks: Iterable<AskStep>): Promise<void>
  /** Reads every provider's members from the store into the history. */
  census(): Promise<void>
  record(event: RunnerEvent): void
  /** Stops the world's own measuring; when it resolves, everything that happened has been told. */
  finish(): Promise<void>
  /** Ends every process and server the world started. Safe at any time, more than once. */
  close(): Promise<void>
}
