/** A provider that said when to come back: was it asked before, by an instance that had heard it? */
import type { Millis } from '../../proxy/ports.ts'
import { Findings, type Meter, seconds } from './meter.ts'

interface Pause {
  from: Millis
  until: Millis
}

export function pauses(): Meter {
  /** By instance and provider. */
  const standing = new Map<string, Pause>()
  const found = new Findings()
  let told = 0
  return {
    see(event, _change, ledger) {
      if (event.kind !== 'provider-began' && event.kind !== 'provider-ended') return
      const key = `${ledger.instanceOf(event.request)} ${event.provider}`
      const pause = standing.get(key)
      if (event.kind === 'provider-ended') {
        if (event.retryAfterMs === undefined) return
        told++
        const until = event.since + event.retryAfterMs
        if (!pause || pause.until < event.at) standing.set(key, { from: event.at, until })
        else pause.until = Math.max(pause.until, until)
        return
      }
      // Those on their way when it was said have not heard it.
      if (!pause || event.at - pause.from <= ledger.topology.transitMs || event.at >= pause.until) return
      found.add(
        `${event.provider} was asked by ${ledger.instanceOf(event.request)} ${seconds(pause.until - event.at)} before it wished to be`,
        event,
      )
    },
    done: () => ({
      figures: (told ? { 'pauses.told': told } : {}) as Record<string, number>,
      askedInPause: found.list,
    }),
  }
}
