/** One pass over a history: figures, and the findings behind them. Memory grows with sessions and members, not with events. */
import type { History } from '../history.ts'
import type { Topology } from '../topology.ts'
import { admission } from './admission.ts'
import { clients } from './clients.ts'
import { Ledger } from './ledger.ts'
import { limits } from './limits.ts'
import type { Measurement } from './measurement.ts'
import { residency } from './residency.ts'
import { rest } from './rest.ts'
import { soundness } from './soundness.ts'
import { tracking } from './tracking.ts'

export function measure(history: History, topology: Topology): Measurement {
  const ledger = new Ledger(topology)
  const meters = [residency(), tracking(), limits(), admission(), rest(), clients(), soundness()]
  for (const event of history) {
    const change = ledger.see(event)
    for (const meter of meters) meter.see(event, change, ledger)
  }
  const measured: Measurement = {
    figures: {},
    longestStays: {},
    overshoots: [],
    ghostRejections: [],
    uncounted: [],
    phantomsAtRest: [],
    unanswered: [],
    unlanded: [],
    observerFaults: [],
    loadFaults: [],
    lost: [],
  }
  const figures: Record<string, number> = {}
  for (const meter of meters) {
    const done = meter.done(ledger)
    Object.assign(figures, done.figures)
    Object.assign(measured, done)
  }
  return { ...measured, figures }
}
