/** One pass over a history: figures, and the findings behind them. Memory grows with sessions and members, not with events. */
import type { Event, History } from '../history.ts'
import type { Topology } from '../topology.ts'
import { aborts } from './aborts.ts'
import { admission } from './admission.ts'
import { breakers } from './breakers.ts'
import { budget } from './budget.ts'
import { capacity } from './capacity.ts'
import { clients } from './clients.ts'
import { Hearing } from './hearing.ts'
import { herds } from './herds.ts'
import { type Change, Ledger } from './ledger.ts'
import { limits } from './limits.ts'
import type { Measurement } from './measurement.ts'
import { members } from './members.ts'
import type { Meter } from './meter.ts'
import { needless } from './needless.ts'
import { pauses } from './pauses.ts'
import { references } from './references.ts'
import { residency } from './residency.ts'
import { rest } from './rest.ts'
import { soundness } from './soundness.ts'
import { terminations } from './terminations.ts'
import { tracking } from './tracking.ts'

export interface Measuring {
  /** To be told every event once, in order of time. */
  see(event: Event): void
  /** To be called once, after the last event. */
  done(): Measurement
}

export function startMeasuring(topology: Topology): Measuring {
  const ledger = new Ledger(topology)
  const meters: readonly Meter[] = [
    residency(),
    tracking(),
    references(),
    limits(),
    members(),
    admission(),
    rest(),
    clients(topology),
    capacity(),
    aborts(),
    budget(),
    breakers(),
    pauses(),
    herds(),
    needless(),
    terminations(),
    soundness(),
  ]
  const onEvents = handlersOf<Event, [Change | undefined]>(meters.map(({ on }) => on))
  const onChanges = handlersOf<Change, []>(meters.map(({ when }) => when))
  const listening = meters.filter(({ heard }) => heard)
  const hearing = new Hearing((change, heard) => {
    for (const meter of listening) meter.heard!(change, heard, ledger)
  })
  const clocked = meters.filter(({ passed }) => passed)
  return {
    see(event) {
      const change = ledger.see(event)
      hearing.pass(event, change)
      for (const meter of clocked) meter.passed!(event.at, ledger)
      const handlers = onEvents.get(event.kind)
      if (handlers) for (const handle of handlers) handle(event, ledger, change)
      if (change) for (const handle of onChanges.get(change.kind)!) handle(change, ledger)
      ledger.forget()
    },
    done() {
      hearing.rest()
      const measured: Measurement = { ...nothing, figures: {} }
      const figures: Record<string, number> = {}
      for (const meter of meters) {
        const done = meter.done(ledger)
        Object.assign(figures, done.figures)
        Object.assign(measured, done)
      }
      return { ...measured, figures }
    },
  }
}

/** Who wants what, by kind. */
function handlersOf<T extends { kind: string }, More extends unknown[]>(wishes: readonly (object | undefined)[]) {
  const handlers = new Map<string, ((one: T, ledger: Ledger, ...more: More) => void)[]>()
  for (const wish of wishes)
    for (const [kind, handle] of Object.entries(wish ?? {})) handlers.set(kind, [...(handlers.get(kind) ?? []), handle])
  return handlers
}

/** The same for a history that is there already. */
export function measure(history: History, topology: Topology): Measurement {
  const measuring = startMeasuring(topology)
  for (const event of history) measuring.see(event)
  return measuring.done()
}

const nothing: Omit<Measurement, 'figures'> = {
  longestStays: {},
  overshoots: [],
  ghostRejections: [],
  uncounted: [],
  phantomsAtRest: [],
  unanswered: [],
  crashed: [],
  undead: [],
  failedAdmissions: [],
  miscounted: [],
  begunAfterAbort: [],
  openAfterAbort: [],
  overBudget: [],
  askedTooSoon: [],
  askedInPause: [],
  herds: [],
  openedInVain: [],
  needlessCalls: [],
  hidden: [],
  crowded: [],
  unhelpful: [],
  receipts: [],
  unlanded: [],
  observerFaults: [],
  loadFaults: [],
  lost: [],
}
