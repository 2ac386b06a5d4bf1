/** The open-loop client: each request leaves at its planned time, whatever became of the others. */
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'hdr-histogram-js'
import { Agent } from 'undici'
import type { RawEvent } from '../../../history.ts'
import type { AskStep } from '../../../plan.ts'
import { hostNow } from '../part.ts'
import { Rotation } from './rotation.ts'
import { send } from './send.ts'

export interface LoadOptions {
  /** Sorted by time. */
  asks: readonly AskStep[]
  /** The proxies, in the order that an ask's `via` counts. */
  targets: readonly string[]
  /** The plan's time 0 on the host's clock. */
  origin: number
  key: string
  /** All of them are in it where nothing is said. */
  rotation?: Rotation
  emit(event: RawEvent): void
  /** Fires to leave everything: what is under way is aborted, what has not left is dropped. */
  signal: AbortSignal
  /** A request that takes longer is given up, and counts as broken. */
  deadlineMs?: number
}

/** Resolves when the last request has ended; emits how late they left. */
export async function playLoad(options: LoadOptions): Promise<void> {
  const { asks, targets, origin, emit, signal, rotation = new Rotation(), deadlineMs = 30_000 } = options
  // A connection for each request under way: none waits for another.
  const dispatcher = new Agent({
    connections: null,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const lateness = createLateness()
  const underWay = new Set<Promise<void>>()
  let sent = 0
  for (const ask of asks) {
    const plannedAt = origin + ask.at
    await reach(plannedAt, signal)
    if (signal.aborted) {
      const because = 'the run was interrupted'
      emit({ at: hostNow(), from: 'client', kind: 'client-dropped', request: ask.request, plannedAt, because })
      continue
    }
    sent++
    lateness.record(hostNow() - plannedAt)
    const instance = rotation.route(ask.via, targets.length)
    const target = targets[instance]!
    const sending = send(ask, {
      ...options,
      target,
      instance: `proxy-${instance + 1}`,
      plannedAt,
      dispatcher,
      deadlineMs,
    })
    const one = rotation.during(instance, sending).finally(() => underWay.delete(one))
    underWay.add(one)
  }
  await Promise.all(underWay)
  await dispatcher.destroy()
  const planned = asks.length
  emit({ at: hostNow(), from: 'client', kind: 'generator', planned, sent, dropped: planned - sent, ...lateness.read() })
}

/** Actual minus intended send, in whole microseconds up to ten minutes. */
function createLateness() {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  })
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return {
    record: (ms: number) => histogram.recordValue(Math.min(600_000_000, Math.max(0, Math.round(ms * 1000)))),
    read: () => ({ latenessP50Ms: at(50), latenessP99Ms: at(99) }),
  }
}

/** Resolves at that instant, or when the signal fires. A timer is late by a millisecond or two. Spinning would be exact, and would take a core from the storm it times. */
export async function reach(at: number, signal: AbortSignal): Promise<void> {
  for (let left = at - hostNow(); left > 0 && !signal.aborted; left = at - hostNow()) await sleep(Math.min(left, 200))
}
