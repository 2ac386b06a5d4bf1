/** A provider that said when to come back: was it asked before, by an instance that had heard it? */
import type { Millis } from '../../proxy/ports.ts'
import type { Called } from './hearing.ts'
import { type Figures, Findings, type Meter, seconds } from './meter.ts'

interface Pause {
  from: Millis
  until: Millis
}

export function pauses(): Meter {
  /** By instance and provider. */
  const standing = new Map<string, Pause>()
  const found = new Findings()
  let told = 0
  const keyOf = ({ instance, event }: Called) => `${instance} ${event.provider}`

  function ended(change: Extract<Called, { kind: 'ended' }>) {
    const { at, since, retryAfterMs } = change.event
    if (retryAfterMs === undefined) return
    told++
    const until = since + retryAfterMs
    const pause = standing.get(keyOf(change))
    if (!pause || pause.until < at) standing.set(keyOf(change), { from: at, until })
    else pause.until = Math.max(pause.until, until)
  }

  function began(change: Extract<Called, { kind: 'began' }>, transitMs: Millis) {
    const { event, instance, since } = change
    const pause = standing.get(keyOf(change))
    // Those on their way when it was said have not heard it.
    if (!pause || since - pause.from <= transitMs || since >= pause.until) return
    const early = seconds(pause.until - since)
    found.add(`${event.provider} was asked by ${instance} ${early} before it wished to be`, event)
  }

  return {
    heard(change, heard, { topology }) {
      if (change.kind === 'began') began(change, topology.transitMs)
      else if (heard) ended(change)
    },
    done() {
      const figures: Figures = told ? { 'pauses.told': told } : {}
      return { figures, askedInPause: found.list }
    },
  }
}
